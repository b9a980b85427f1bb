/* reports: what was sold, of a vendor and of the marketplace, as pages of JSON or as CSV. */
#include <assert.h>
#include <stddef.h>
#include <string.h>

#include "api.gen.h"
#include "base/csv.h"
#include "base/money.h"
#include "reports.sql.h"
#include "shop/reports/days.h"
#include "web/paged.h"
#include "web/reply.h"

enum { PAGE = 1000 };

struct report {
	struct paged paged; /* first, so that it can be cast to its report */
	const char *by;
	struct report_days days;
	int64_t after_key; /* where the last page ended */
	struct uuid after_id;
};

_Static_assert(offsetof(struct report, paged) == 0, "pages are cast to their report");

static struct report *report_new(struct request *rq, const char *by, const char *from,
                                 const char *to)
{
	struct report *report = arena_alloc(rq->task.arena, sizeof(*report));

	report->by = by;
	report->days = report_days_of(&rq->task, from, to);
	report->after_key = INT64_MAX;
	memset(&report->after_id, 0xff, sizeof(report->after_id));
	return report;
}

/* The period, or which product, category, country or vendor. */
static void add_subject(struct buf *buf, const char *from, const char *name, const char *title)
{
	buf_add_str(buf, from != NULL ? from : name);
	buf_add_str(buf, ",");
	csv_add_cell(buf, title);
}

static void add_amount(struct buf *buf, int64_t amount, const char *currency)
{
	char text[32];

	money_format_decimal(amount, currency, text);
	buf_printf(buf, ",%s", text);
}

static size_t read_sales(struct paged *paged)
{
	struct report *report = (struct report *)(void *)paged;
	struct db *db = db_of(&paged->task);
	size_t count;
	const struct sales_page_row *rows = sql_sales_page_rows(
	    db,
	    sql_sales_page(db, &(struct sales_page_args){.by = report->by,
	                                                 .first = report->days.from,
	                                                 .until = report->days.until,
	                                                 .after_key = report->after_key,
	                                                 .after_id = report->after_id,
	                                                 .page_size = PAGE}),
	    &count);

	for (size_t i = 0; i < count; i++) {
		const struct sales_page_row *row = &rows[i];
		const int64_t amounts[] = {row->gross_amount,          row->discounts_amount,
		                           row->shipping_amount,       row->tax_amount,
		                           row->refunds_amount,        row->commission_amount,
		                           row->commission_tax_amount, row->net_amount};

		add_subject(&paged->text, row->from, row->_name, row->_title);
		buf_printf(&paged->text, ",%lld,%lld,%lld", (long long)row->orders,
		           (long long)row->units, (long long)row->returned_units);
		for (size_t k = 0; k < sizeof(amounts) / sizeof(amounts[0]); k++)
			add_amount(&paged->text, amounts[k], row->gross_currency);
		buf_printf(&paged->text, ",%s\r\n", row->gross_currency);
		report->after_key = row->_key;
		report->after_id = row->_id;
	}
	return count;
}

static size_t read_platform(struct paged *paged)
{
	struct report *report = (struct report *)(void *)paged;
	struct db *db = db_of(&paged->task);
	size_t count;
	const struct platform_page_row *rows = sql_platform_page_rows(
	    db,
	    sql_platform_page(db, &(struct platform_page_args){.by = report->by,
	                                                       .first = report->days.from,
	                                                       .until = report->days.until,
	                                                       .after_key = report->after_key,
	                                                       .after_id = report->after_id,
	                                                       .page_size = PAGE}),
	    &count);

	for (size_t i = 0; i < count; i++) {
		const struct platform_page_row *row = &rows[i];
		const int64_t amounts[] = {
		    row->volume_amount,     row->refunds_amount,        row->tax_amount,
		    row->commission_amount, row->commission_tax_amount, row->service_fee_amount,
		    row->goodwill_amount,   row->revenue_amount};

		add_subject(&paged->text, row->from, row->_name, row->_title);
		buf_printf(&paged->text, ",%lld,%lld,%lld", (long long)row->orders,
		           (long long)row->units, (long long)row->returned_units);
		for (size_t k = 0; k < sizeof(amounts) / sizeof(amounts[0]); k++)
			add_amount(&paged->text, amounts[k], row->volume_currency);
		buf_printf(&paged->text, ",%s\r\n", row->volume_currency);
		report->after_key = row->_key;
		report->after_id = row->_id;
	}
	return count;
}

static void send_csv(struct request *rq, struct report *report, paged_read_fn *read,
                     const char *amounts)
{
	struct buf head = buf_new(rq->task.arena, 256);

	paged_open(rq, &report->paged, read);
	buf_printf(&head, "%s,Title,Orders,Units,Returned units,%s,Currency\r\n", report->by,
	           amounts);
	reply_header(rq, "Content-Disposition", "attachment; filename=\"sales.csv\"");
	reply_stream_begin(rq, 200, "text/csv; charset=utf-8");
	reply_stream_write(rq, head.data, head.length);
	paged_send(rq, &report->paged);
	reply_stream_end(rq);
}

/* GET /v1/vendors/{vendor_id}/reports/sales */
void report_sales(struct request *rq, const struct report_sales_in *in)
{
	struct report *report = report_new(rq, SALES_BY_NAMES[in->by], in->from, in->to);

	if (in->format == REPORT_FORMAT_CSV) {
		send_csv(rq, report, read_sales,
		         "Gross,Discounts,Shipping,Tax,Refunds,Commission,Commission tax,Net");
		return;
	}
	struct page page = page_open(rq, in->cursor, in->limit, 0, PAGE_DESCENDING);
	struct db *batch = db_batch(&rq->task);
	const struct rows *rows =
	    sql_sales_page(batch, &(struct sales_page_args){.by = report->by,
	                                                    .first = report->days.from,
	                                                    .until = report->days.until,
	                                                    .after_key = page.after_key,
	                                                    .after_id = page.after_id,
	                                                    .page_size = page.count});
	const struct rows *totals =
	    sql_sales_totals(batch, report->by, report->days.from, report->days.to);

	db_run(batch);
	assert(rows_count(totals) == 1);
	reply_page_and(rq, &page, rows, totals);
}

/* GET /v1/admin/money/report */
void report_money(struct request *rq, const struct report_money_in *in)
{
	struct report *report = report_new(rq, MONEY_BY_NAMES[in->by], in->from, in->to);

	if (in->format == REPORT_FORMAT_CSV) {
		send_csv(
		    rq, report, read_platform,
		    "Volume,Refunds,Tax,Commission,Commission tax,Service fee,Goodwill,Revenue");
		return;
	}
	struct page page = page_open(rq, in->cursor, in->limit, 0, PAGE_DESCENDING);
	struct db *batch = db_batch(&rq->task);
	const struct rows *rows =
	    sql_platform_page(batch, &(struct platform_page_args){.by = report->by,
	                                                          .first = report->days.from,
	                                                          .until = report->days.until,
	                                                          .after_key = page.after_key,
	                                                          .after_id = page.after_id,
	                                                          .page_size = page.count});
	const struct rows *totals =
	    sql_platform_totals(batch, report->by, report->days.from, report->days.to);

	db_run(batch);
	assert(rows_count(totals) == 1);
	reply_page_and(rq, &page, rows, totals);
}
