/*
 * paged: a long answer, written a page at a time while it is read, each page with its own memory
 * and deadline. The first page is read before the first byte is sent: until then an error can be
 * reported.
 *
 *   paged_open(rq, &list->paged, read_page);  reads the first page
 *   reply_stream_begin(...); ...              what stands before the pages
 *   paged_send(rq, &list->paged);             all pages
 *   reply_stream_write(...); reply_stream_end(rq);
 */
#ifndef SEBEZ_WEB_PAGED_H
#define SEBEZ_WEB_PAGED_H

#include "base/buf.h"
#include "web/request.h"

struct paged;

/* Reads the next rows through db_of(&paged->task), adds them to paged->text and returns how many;
 * 0 after the last. Memory is that of paged->task. */
typedef size_t paged_read_fn(struct paged *paged);

struct paged {
	struct task task; /* of the page; first, so that a task can be cast to it */
	paged_read_fn *read;
	struct buf text;
	size_t count;
};

/* `paged` is zeroed, in the request's arena. */
void paged_open(struct request *rq, struct paged *paged, paged_read_fn *read);
void paged_send(struct request *rq, struct paged *paged);
/* For what is not sent while it is read: the page after this one. */
void paged_next(struct request *rq, struct paged *paged);

#endif
