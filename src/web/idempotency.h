/*
 * idempotency: the same key and request have one effect and one answer, byte for byte, however
 * often they come.
 *
 * A key is claimed before the handler runs, for a lease a little longer than a request may take.
 * The answer is kept in the transaction of the effect (reply_commit_*), so both are there or
 * neither. A problem gives the key back; when the database went away meanwhile, as soon as it is
 * there again and says whether the effect is. When a process dies, the lease runs out and the next
 * try takes the key over; should the first one's transaction still come, keeping its answer raises
 * and undoes it.
 *
 * Keys belong to whoever acts. Callers whom nobody knows (public operations, a guest without a
 * cart) have no scope: their key is checked for form and not kept.
 */
#ifndef SEBEZ_WEB_IDEMPOTENCY_H
#define SEBEZ_WEB_IDEMPOTENCY_H

#include <stddef.h>

#include "web/request.h"

enum { IDEMPOTENCY_KEY_MAX = 255, IDEMPOTENCY_HASH_BYTES = 32 };

struct idempotency {
	char key[IDEMPOTENCY_KEY_MAX + 1];
	int64_t lease_until_us;
	int64_t lease_end_ms; /* about the same, of the loop's clock */
	bool kept;            /* the answer is stored or on its way */
};

/* Reads the header's value: 1 to 255 visible ASCII characters, bare or as a quoted string. */
bool idempotency_parse(const char *header, char ret[IDEMPOTENCY_KEY_MAX + 1])
    __attribute__((warn_unused_result));

/* Claims the request's key, if it has one. True when the answer of an earlier request was sent
 * and nothing is left to do. Ends the task (400, 409, 422). May suspend. */
bool idempotency_begin(struct request *rq);

/* Adds to tx what keeps the answer. body NULL: no body, or not known yet. */
void idempotency_keep(struct request *rq, struct db *tx, int status, const struct buf *body);
/* After the commit of a kept answer whose body was not known. */
void idempotency_fill(struct request *rq, const struct buf *body);

/*
 * After the task has ended with a problem: gives the key back. When the request was committed after
 * all, it is answered with what was kept; a problem that was in doubt says what has become of it.
 * In doubt it waits for the database until the request's deadline. May suspend. False when the
 * database could not be asked: then idempotency_settle_later goes on after the answer, until the
 * lease is over.
 */
bool idempotency_settle(struct request *rq) __attribute__((warn_unused_result));
void idempotency_settle_later(struct request *rq);

#endif
