/*
 * reply: the ways to answer. Exactly one per request. Bodies are made in the request's arena and
 * sent from there. GET answers carry an ETag and honour If-None-Match.
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
void reply_list(struct request *rq, const struct rows *rows); /* 200, as a page that is all */
void reply_json(struct request *rq, int status, const struct buf *body);
/* 200, something other than JSON, with an ETag. The bytes must live as long as the request. */
void reply_text(struct request *rq, const char *content_type, const void *bytes, size_t length);
void reply_empty(struct request *rq); /* 204 */
/* Adds a header to the reply to come. Values are copied. A name that was set is replaced. */
void reply_header(struct request *rq, const char *name, const char *value);
/* Adds this header of the request to those that Vary names. */
void reply_varies(struct request *rq, const char *header);

/*
 * The same for writes: save under the idempotency key, commit tx, send. tx may be a batch that was
 * not run yet: then the save joins it and it is run. Rows of such a batch are not there when it is
 * saved, so reply_commit_row stores its body in one more round trip. Until then a retry is told to
 * wait, and when the process dies between the two, its lease over, that the answer is lost (409);
 * where that matters, make the body first and use reply_commit_json. A tx in another role than the
 * actor's cannot hold the key: it is saved after.
 */
void reply_commit_row(struct request *rq, struct db *tx, int status, const struct rows *rows);
void reply_commit_json(struct request *rq, struct db *tx, int status, const struct buf *body);
void reply_commit_empty(struct request *rq, struct db *tx);
/* Collects what saves the answer under the key, if there is one, before what else goes into the
 * batch; the reply_try_commit_json that follows does not do it again. */
void reply_keep_json(struct request *rq, struct db *batch, int status, const struct buf *body);
/* As reply_commit_json of a batch, but when the database refuses it (db_try_run), nothing is sent
 * and the refusal is given back; NULL when all went well. */
const struct pg_error *reply_try_commit_json(struct request *rq, struct db *batch, int status,
                                             const struct buf *body);

/*
 * An answer of unknown length (exports), written as it is made. write suspends while the client is
 * slow, and ends the task when it is gone. Nothing can be refused any more after begin: when the
 * task is ended, the connection is reset.
 */
void reply_stream_begin(struct request *rq, int status, const char *media_type);
void reply_stream_write(struct request *rq, const void *bytes, size_t count);
void reply_stream_end(struct request *rq);

/* Used by the request's way, not by handlers. */
void reply_stream_abort(struct request *rq); /* its handler has failed: the client is to see so */
void reply_problem(struct request *rq, const struct problem *problem);
void reply_send(struct request *rq, int status, const char *media_type, const void *bytes,
                size_t length); /* as it is: no entity tag, no cache */

#endif
