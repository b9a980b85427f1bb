/*
 * export: files of approved payouts for the bank. What is in a file is decided once, when it is
 * made; reading it writes the same bytes again.
 */
#include <assert.h>
#include <string.h>
#include <time.h>

#include "api.gen.h"
#include "base/csv.h"
#include "base/iban.h"
#include "base/money.h"
#include "payouts.sql.h"
#include "shop/payouts/sepa.h"
#include "web/reply.h"

enum {
	EXPORTED_MAX = 5000, /* a file of 2 MB */
	PAGE = 500,
};

/* 29 February is never asked for: the bank may as well pay on the next day. */
static const int DAYS[12] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

static void check_date(struct task *task, const char *text)
{
	struct tm day = {0};
	const char *end = strptime(text, "%Y-%m-%d", &day);

	if (end == NULL || *end != '\0' || strlen(text) != 10 || day.tm_year < 100 ||
	    day.tm_mday > DAYS[day.tm_mon])
		task_end_field(task, "/execute_on", "format", "must be a day such as 2026-02-17");
}

/* POST /v1/admin/payout-exports */
void export_payouts(struct request *rq, const struct export_payouts_in *in)
{
	struct db *tx = db_begin(&rq->task);
	struct uuid id = uuid_v7();
	char iban[IBAN_LENGTH_MAX + 1];

	if (!iban_parse(in->debtor_iban, iban))
		task_end_field(&rq->task, "/debtor_iban", "format",
		               "is not an IBAN: a digit may be wrong");
	check_date(&rq->task, in->execute_on);
	const struct payouts_export_row *made = sql_payouts_export_rows(
	    tx,
	    sql_payouts_export(tx,
	                       &(struct payouts_export_args){
	                           .id = id,
	                           .only_ibans = in->format == PAYOUT_FORMAT_SEPA,
	                           .debtor_name = in->debtor_name,
	                           .debtor_iban = iban,
	                           .execute_on = in->execute_on,
	                           .most = EXPORTED_MAX,
	                       }),
	    NULL);

	if (made->id == NULL)
		task_end(&rq->task, PROBLEM_CONFLICT, "No approved payout waits for a file.");
	reply_commit_row(rq, tx, 201, sql_payout_export_view(tx, id));
}

static void add_csv(struct buf *buf, const struct payout_export_page_row *row)
{
	char id[UUID_TEXT_LENGTH + 1], amount[32];
	const char *const cells[] = {row->holder, row->country, row->iban, row->number,
	                             row->bank_code};

	uuid_format(row->id, id);
	money_format_decimal(row->amount, row->currency, amount);
	buf_add_str(buf, id);
	for (size_t i = 0; i < sizeof(cells) / sizeof(cells[0]); i++) {
		buf_add_str(buf, ",");
		csv_add_cell(buf, cells[i]);
	}
	buf_printf(buf, ",%s,%s\r\n", amount, row->currency);
}

static void add_page(struct buf *buf, bool sepa, size_t count,
                     const struct payout_export_page_row rows[])
{
	for (size_t i = 0; i < count; i++) {
		if (sepa)
			sepa_transfer(buf, &(struct sepa_transfer){rows[i].id, rows[i].amount,
			                                           rows[i].holder, rows[i].iban});
		else
			add_csv(buf, &rows[i]);
	}
}

static void begin(struct request *rq, const struct get_payout_export_in *in,
                  const struct payout_export_row_row *file, struct buf *buf)
{
	if (in->format == PAYOUT_FORMAT_CSV) {
		buf_add_str(buf, "Payout,Holder,Country,IBAN,Number,Bank code,Amount,Currency\r\n");
		return;
	}
	sepa_begin(buf, &(struct sepa_file){
	                    .id = in->export_id,
	                    .created = file->created,
	                    .execute_on = file->execute_on,
	                    .count = file->count,
	                    .total = file->total,
	                    .debtor_name = file->debtor_name,
	                    .debtor_iban = file->debtor_iban,
	                });
}

/* GET /v1/admin/payout-exports/{export_id} */
void get_payout_export(struct request *rq, const struct get_payout_export_in *in)
{
	struct db *db = db_of(&rq->task);
	bool sepa = in->format == PAYOUT_FORMAT_SEPA;
	struct buf buf = buf_new(rq->task.arena, 64 * 1024);
	struct uuid after = {{0}};
	size_t count;
	const struct payout_export_row_row *file =
	    sql_payout_export_row_rows(db, sql_payout_export_row(db, in->export_id), &count);

	if (count == 0)
		task_end(&rq->task, PROBLEM_NOT_FOUND, "Export not found.");
	if (sepa && (strcmp(file->currency, "EUR") != 0 || !file->only_ibans))
		task_end(&rq->task, PROBLEM_CONFLICT,
		         "Only a file of payouts in EUR to IBANs can be read as SEPA.");
	begin(rq, in, file, &buf);
	do {
		const struct payout_export_page_row *rows = sql_payout_export_page_rows(
		    db, sql_payout_export_page(db, in->export_id, after, PAGE), &count);
		add_page(&buf, sepa, count, rows);
		if (count > 0)
			after = rows[count - 1].id;
	} while (count == PAGE);
	if (sepa)
		sepa_end(&buf);
	assert(buf.length > 0);
	reply_text(rq, sepa ? "application/xml" : "text/csv", buf.data, buf.length);
}
