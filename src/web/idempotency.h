/*
 * idempotency: repeated requests with the same key have one effect and one answer, byte for byte.
 *
 * A key is claimed before the handler runs, for a lease slightly longer than the request's time
 * limit. The answer is stored in the transaction of the effect (reply_commit_*), so both are stored
 * or neither. A problem releases the key; when the database connection was lost, the key is
 * released once the database is available again and shows whether the effect was committed. When a
 * process dies, the lease expires and a retry takes over the key; if the first transaction still
 * arrives, storing its answer raises an error that rolls it back.
 *
 * Keys are scoped to the actor. Anonymous callers (public operations, a guest without a cart) have
 * no scope: their key is validated and ignored.
 */
#ifndef SEBEZ_WEB_IDEMPOTENCY_H
#define SEBEZ_WEB_IDEMPOTENCY_H

#include <stddef.h>

#include "web/request.h"

enum { IDEMPOTENCY_KEY_MAX = 255, IDEMPOTENCY_HASH_BYTES = 32 };

struct idempotency {
	char key[IDEMPOTENCY_KEY_MAX + 1];
	int64_t lease_until_us;
	int64_t lease_end_ms; /* end of the lease, on the loop's clock */
	bool kept;            /* the answer is stored or being stored */
};

/* Reads the header's value: 1 to 255 visible ASCII characters, bare or as a quoted string. */
bool idempotency_parse(const char *header, char ret[IDEMPOTENCY_KEY_MAX + 1])
    __attribute__((warn_unused_result));

/* Claims the request's key, if it has one. True when the stored answer of an earlier request was
 * sent; the caller then returns. Ends the task (400, 409, 422). May suspend. */
bool idempotency_begin(struct request *rq);

/* Adds the statement that stores the answer to tx. body NULL: no body, or not known yet. */
void idempotency_keep(struct request *rq, struct db *tx, int status, const struct buf *body);
/* Stores the body of an answer after the commit, when it was not known before. */
void idempotency_fill(struct request *rq, const struct buf *body);

/*
 * After the task has ended with a problem: releases the key. If the request was committed after
 * all, the stored answer is sent; a problem in doubt is resolved. When in doubt, waits for the
 * database until the request's deadline. May suspend. False when the database did not respond: then
 * idempotency_settle_later continues after the answer, until the lease expires.
 */
bool idempotency_settle(struct request *rq) __attribute__((warn_unused_result));
void idempotency_settle_later(struct request *rq);

#endif
