/* invoices: invoices and credit notes, as customers, vendors and admins read them. */
#include <assert.h>

#include "api.gen.h"
#include "papers.sql.h"
#include "shop/papers/make.h"
#include "web/page.h"
#include "web/reply.h"

/* GET /v1/invoices, /v1/vendors/{vendor_id}/invoices */
void list_invoices(struct request *rq, const struct list_invoices_in *in)
{
	struct page page = page_open(rq, in->cursor, in->limit, 0, PAGE_DESCENDING);

	reply_page(
	    rq, &page,
	    sql_invoices_page(db_of(&rq->task),
	                      &(struct invoices_page_args){
	                          .kind = in->kind != NULL ? INVOICE_KIND_NAMES[*in->kind] : NULL,
	                          .order = in->order_id,
	                          .sub_order = in->sub_order_id,
	                          .after_id = page.after_id,
	                          .page_size = page.count,
	                      }));
}

/* GET /v1/admin/invoices */
void admin_list_invoices(struct request *rq, const struct admin_list_invoices_in *in)
{
	struct page page = page_open(rq, in->cursor, in->limit, 0, PAGE_DESCENDING);
	struct uuid vendor;
	bool by_id = in->vendor != NULL && uuid_parse(in->vendor, &vendor);

	reply_page(
	    rq, &page,
	    sql_invoices_page(db_of(&rq->task),
	                      &(struct invoices_page_args){
	                          .kind = in->kind != NULL ? INVOICE_KIND_NAMES[*in->kind] : NULL,
	                          .vendor = by_id ? &vendor : NULL,
	                          .slug = by_id ? NULL : in->vendor,
	                          .order = in->order_id,
	                          .sub_order = in->sub_order_id,
	                          .after_id = page.after_id,
	                          .page_size = page.count,
	                      }));
}

/* GET /v1[/vendors/{vendor_id}|/admin]/invoices/{invoice_id} */
void get_invoice(struct request *rq, const struct get_invoice_in *in)
{
	struct rows *rows = sql_invoice_read(db_of(&rq->task), in->invoice_id);

	assert(rows_count(rows) <= 1);
	if (rows_count(rows) == 0)
		task_end(&rq->task, PROBLEM_NOT_FOUND, "Invoice not found.");
	if (in->format == PAPER_FORMAT_PDF)
		invoice_reply_pdf(rq, rows);
	else
		reply_row(rq, rows);
}
