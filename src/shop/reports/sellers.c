/* sellers: the yearly file for tax offices, a row for each vendor and quarter, as JSON or CSV. */
#include <assert.h>
#include <stddef.h>

#include "api.gen.h"
#include "base/csv.h"
#include "base/money.h"
#include "sellers.sql.h"
#include "web/paged.h"
#include "web/reply.h"

enum { PAGE = 250 }; /* vendors */

struct sellers {
	struct paged paged; /* first, so that it can be cast to its sellers */
	int32_t year;
	bool csv;
	struct uuid after; /* the vendor that was read last */
	size_t written;
};

_Static_assert(offsetof(struct sellers, paged) == 0, "pages are cast to their sellers");

static void add_csv_row(struct buf *buf, const struct sellers_page_row *row)
{
	char id[UUID_TEXT_LENGTH + 1], amount[32];
	const char *const cells[] = {row->name,       row->seller_kind,         row->legal_name,
	                             row->address,    row->tax_number,          row->tax_country,
	                             row->vat_number, row->registration_number, row->birth_date,
	                             row->account,    row->account_country};
	const int64_t *const amounts[] = {row->consideration_amount, row->tax_amount,
	                                  row->fees_amount, row->fee_tax_amount};

	uuid_format(row->vendor_id, id);
	buf_add_str(buf, id);
	for (size_t i = 0; i < sizeof(cells) / sizeof(cells[0]); i++) {
		buf_add_str(buf, ",");
		csv_add_cell(buf, cells[i]);
	}
	buf_printf(buf, ",%d,%lld", *row->quarter, (long long)*row->activities);
	for (size_t i = 0; i < sizeof(amounts) / sizeof(amounts[0]); i++) {
		money_format_decimal(*amounts[i], row->consideration_currency, amount);
		buf_printf(buf, ",%s", amount);
	}
	buf_printf(buf, ",%s\r\n", row->consideration_currency);
}

static size_t read_sellers(struct paged *paged)
{
	struct sellers *sellers = (struct sellers *)(void *)paged;
	struct db *db = db_of(&paged->task);
	struct rows *rows = sql_sellers_page(db, sellers->year, sellers->after, PAGE);
	size_t count;
	const struct sellers_page_row *all = sql_sellers_page_rows(db, rows, &count);

	for (size_t i = 0; i < count; i++) {
		sellers->after = all[i].vendor_id;
		if (all[i].quarter == NULL)
			continue;
		assert(*all[i].quarter >= 1 && *all[i].quarter <= 4);
		if (sellers->csv) {
			add_csv_row(&paged->text, &all[i]);
			continue;
		}
		struct json json = json_new(&paged->text);
		if (sellers->written++ > 0)
			buf_add_str(&paged->text, ",");
		rows_json_object(rows, i, &json);
	}
	return count;
}

/* GET /v1/admin/money/sellers */
void report_sellers(struct request *rq, const struct report_sellers_in *in)
{
	static const char HEAD[] =
	    "Vendor,Name,Kind,Legal name,Address,Tax number,Tax country,VAT number,Registration "
	    "number,Birth date,Account,Account country,Quarter,Activities,Consideration,Tax,Fees,"
	    "Tax on fees,Currency\r\n";
	struct sellers *sellers = arena_alloc(rq->task.arena, sizeof(*sellers));
	struct buf text = buf_new(rq->task.arena, 256);

	sellers->year = in->year;
	sellers->csv = in->format == REPORT_FORMAT_CSV;
	paged_open(rq, &sellers->paged, read_sellers);
	if (sellers->csv)
		buf_add_str(&text, HEAD);
	else
		buf_printf(&text, "{\"year\":%d,\"quarters\":[", in->year);
	reply_stream_begin(rq, 200, sellers->csv ? "text/csv; charset=utf-8" : "application/json");
	reply_stream_write(rq, text.data, text.length);
	paged_send(rq, &sellers->paged);
	if (!sellers->csv)
		reply_stream_write(rq, "]}", 2);
	reply_stream_end(rq);
}
