/*
 * papers: invoices and credit notes, and who sells for the law. They are issued by functions of the
 * database, in the transaction of their cause (docs/MONEY.md, "Invoices"): the orders area calls
 * invoices_issue() and invoice_credit().
 *
 * Also PDFs of them and of statements. A handler writes a document, line by line
 * (media/paper_page.h), and another process makes the PDF of it. It is in the language of the
 * request's Accept-Language.
 */
#ifndef SEBEZ_SHOP_PAPERS_PAPERS_H
#define SEBEZ_SHOP_PAPERS_PAPERS_H

#include "base/buf.h"
#include "shop/area.h"
#include "web/request.h"

extern const struct area AREA_PAPERS;

struct paper;

/* title: a word of papers; name: what it is of, also of the file. issued_us: for the metadata. */
struct paper *paper_new(struct request *rq, const char *title, const char *name, int64_t issued_us);
/* The text "paper.<key>" in the reader's language. */
const char *paper_word(struct paper *paper, const char *key);
/* A line of the document: its kind and its fields, ending with NULL. */
void paper_add(struct paper *paper, const char *kind, ...) __attribute__((sentinel));
/* The same at the end of a text, which paper_write() then adds as it is. */
void paper_line(struct buf *buf, const char *kind, ...) __attribute__((sentinel));
void paper_write(struct paper *paper, const void *bytes, size_t length);
/* "12.50 USD" */
const char *paper_money(struct arena *arena, int64_t amount, const char *currency);
/* Makes the PDF and replies with it. Ends the task: 503 when too many are being made. */
void paper_reply(struct request *rq, struct paper *paper);

#endif
