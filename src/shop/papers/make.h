/* make: how PDFs are made in this process, and which PDFs the area itself makes. */
#ifndef SEBEZ_SHOP_PAPERS_MAKE_H
#define SEBEZ_SHOP_PAPERS_MAKE_H

#include <stdint.h>

struct request;
struct rows;

/* area_options.make_paper, NULL where none are made. */
void paper_make_with(int (*maker)(int document, int64_t deadline_ms, int *ret_pdf));

/* Replies with the PDF of a row of invoice_read. */
void invoice_reply_pdf(struct request *rq, const struct rows *rows);

#endif
