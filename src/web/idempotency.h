/*
 * idempotency: repeated requests with the same key have one effect and one answer, byte for byte.
 *
 * The answer is stored in the transaction of the effect (reply_commit_*), so both are stored or
 * neither, and nothing needs to be claimed or released. Keys are unique: of concurrent requests
 * with the same key one commits, and the others roll back and get its answer. A request that fails
 * for another reason is also answered with the stored answer, if there is one. Within a process
 * they take turns (web/key_turn.h), so waiting requests occupy no database connection.
 *
 * When the database connection was lost, it is unknown whether the transaction was committed. Then
 * a fence is set under the key: it waits for the transaction if that has stored its answer, else it
 * makes it roll back whenever it arrives. A retry replaces the fence.
 *
 * Keys are scoped to the actor. Anonymous callers (public operations, a guest without a cart) have
 * no scope: their key is validated and ignored.
 */
#ifndef SEBEZ_WEB_IDEMPOTENCY_H
#define SEBEZ_WEB_IDEMPOTENCY_H

#include <stddef.h>

#include "web/key_turn.h"
#include "web/request.h"

enum { IDEMPOTENCY_KEY_MAX = 255, IDEMPOTENCY_HASH_BYTES = 32 };

struct idempotency {
	char key[IDEMPOTENCY_KEY_MAX + 1];
	uint8_t hash[IDEMPOTENCY_HASH_BYTES]; /* of the request */
	struct key_turn turn;
	int64_t fence_us; /* when the fence was set that this request replaces; 0: none */
	bool kept;        /* the answer is stored or being stored */
};

/* Reads the header's value: 1 to 255 visible ASCII characters, bare or as a quoted string. */
bool idempotency_parse(const char *header, char ret[IDEMPOTENCY_KEY_MAX + 1])
    __attribute__((warn_unused_result));

/* Takes the request's turn for its key, if it has one. True when the stored answer of an earlier
 * request was sent; the caller then returns. Ends the task (400, 409, 422). May suspend. */
bool idempotency_begin(struct request *rq);
/* At the end of the request. */
void idempotency_end(struct request *rq);

/* Adds the statement that stores the answer to tx now, or as the last one before its commit. body
 * NULL: none (204). */
void idempotency_keep(struct request *rq, struct db *tx, int status, const struct buf *body);
void idempotency_keep_last(struct request *rq, struct db *tx, int status, const struct buf *body);

/* After a refusal of that transaction. True when another request with the key was faster: its
 * answer was sent. False when the refusal is another one. Ends the task (422; 409 or a retry when
 * there is no answer). May suspend. */
bool idempotency_was_answered(struct request *rq, const struct pg_error *refusal)
    __attribute__((warn_unused_result));

/* After the task has ended with a problem: sends the stored answer instead, if there is one. When
 * the outcome is in doubt, resolves it, and waits for the database until the request's deadline.
 * May suspend. */
void idempotency_settle(struct request *rq);

#endif
