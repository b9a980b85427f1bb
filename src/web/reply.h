/*
 * reply: functions that answer a request. Exactly one call per request. Bodies are in the request's
 * arena and sent from there. GET answers carry an ETag and honour If-None-Match.
 *
 * Writes that take an Idempotency-Key answer *inside* their transaction, so that the answer is
 * stored together with its effect: pass the tx (or the not yet run batch) as `tx`; reply_* then
 * saves the answer, commits, and sends. Without a key it just commits and sends.
 */
#ifndef SEBEZ_WEB_REPLY_H
#define SEBEZ_WEB_REPLY_H

#include "base/buf.h"
#include "web/page.h"
#include "web/request.h"

void reply_row(struct request *rq, const struct rows *rows); /* 200, first row as object */
void reply_page(struct request *rq, const struct page *page, const struct rows *rows);
/* The same, with the members of the first row of `more` after those of a page. */
void reply_page_and(struct request *rq, const struct page *page, const struct rows *rows,
                    const struct rows *more);
void reply_list(struct request *rq, const struct rows *rows); /* 200, as a page that is all */
void reply_json(struct request *rq, int status, const struct buf *body);
/* 200, something other than JSON, with an ETag. The bytes must live as long as the request. */
void reply_text(struct request *rq, const char *content_type, const void *bytes, size_t length);
/* 200 with a file, or the part of it that the request asks for (206, 416), or 304. Takes the
 * descriptor over. The tag is strong: the same tag is of the same bytes. */
void reply_file(struct request *rq, const char *content_type, const char *etag, int fd,
                int64_t bytes);
void reply_empty(struct request *rq); /* 204 */
/* Adds a header to the coming reply. Values are copied. A second call replaces the first. When the
 * handler ends in a problem, only headers that belong to problems are sent (web/request.c). */
void reply_header(struct request *rq, const char *name, const char *value);
/* Adds this request header to Vary. */
void reply_varies(struct request *rq, const char *header);

/*
 * The same for writes: save under the idempotency key, commit tx, send. tx may be a batch that was
 * not run yet: then the save joins it and it is run. With a key, reply_commit_row runs such a batch
 * as a transaction (db_hold) and commits in a second round trip, because the answer has its rows.
 * When another request with the key was faster, tx is rolled back and that one's answer is sent.
 * Operations with a key answer by these functions only, with a tx in the actor's role (asserted).
 */
void reply_commit_row(struct request *rq, struct db *tx, int status, const struct rows *rows);
void reply_commit_json(struct request *rq, struct db *tx, int status, const struct buf *body);
void reply_commit_empty(struct request *rq, struct db *tx);
/* As reply_commit_json of a batch, but when the database refuses it (db_try_run), sends no reply
 * and returns the refusal; NULL on success. */
const struct pg_error *reply_try_commit_json(struct request *rq, struct db *batch, int status,
                                             const struct buf *body);

/*
 * An answer of unknown length (exports), written as it is generated. write suspends while the
 * client is slow, and ends the task when the client has disconnected. After begin no problem can be
 * sent: when the task is ended, the connection is reset.
 */
void reply_stream_begin(struct request *rq, int status, const char *media_type);
void reply_stream_write(struct request *rq, const void *bytes, size_t count);
void reply_stream_end(struct request *rq);

/* Used by web/request.c, not by handlers. */
void reply_stream_abort(struct request *rq); /* the handler has failed: resets the connection */
void reply_problem(struct request *rq, const struct problem *problem);
void reply_send(struct request *rq, int status, const char *media_type, const void *bytes,
                size_t length); /* unchanged: no entity tag, no cache */

#endif
