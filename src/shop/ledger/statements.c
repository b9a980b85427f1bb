/*
 * statements: a month of a vendor's ledger, as JSON, CSV or PDF. What it was at the beginning and
 * all entries are what it was at the end, exactly. Written a page at a time while it is read, each
 * with its own memory.
 */
#include <assert.h>
#include <stddef.h>

#include "api.gen.h"
#include "base/clock.h"
#include "base/csv.h"
#include "base/limits.h"
#include "base/money.h"
#include "shop/ledger/month.h"
#include "shop/papers/papers.h"
#include "statements.sql.h"
#include "web/paged.h"
#include "web/reply.h"

enum { PAGE = 2500 }; /* 600 KB of JSON */

struct statement {
	struct paged paged; /* first, so that it can be cast to its statement */
	const struct statement_head_row *head;
	bool csv;
	struct paper *paper; /* NULL: JSON or CSV */
	int64_t after;       /* the entry that was written last */
	size_t written;
};

_Static_assert(offsetof(struct statement, paged) == 0, "pages are cast to their statement");

/* GET /v1/vendors/{vendor_id}/statements */
void list_statements(struct request *rq, const struct list_statements_in *in)
{
	reply_list(rq, sql_statements_list(db_of(&rq->task)));
}

static void add_csv_line(struct buf *buf, const struct statement_lines_row *row)
{
	char amount[32], payout[UUID_TEXT_LENGTH + 1] = "";
	struct json json = json_new(buf);

	if (row->payout_id != NULL)
		uuid_format(*row->payout_id, payout);
	money_format_decimal(row->amount_amount, row->amount_currency, amount);
	buf_printf(buf, "%lld,", (long long)row->id);
	json_time(&json, row->at);
	buf_printf(buf, ",%s,%s,%s,%s,%s", row->cause, row->account, row->item, amount,
	           row->amount_currency);
	buf_add_str(buf, ",");
	csv_add_cell(buf, row->sub_order_number);
	buf_printf(buf, ",%s,", payout);
	csv_add_cell(buf, row->commission_rules);
	buf_add_str(buf, ",");
	csv_add_cell(buf, row->reason);
	buf_add_str(buf, "\r\n");
}

/* The words that name these values of the contract. */
static const char *word_of(struct paper *paper, struct arena *arena, const char *group,
                           const char *name)
{
	return paper_word(paper, arena_printf(arena, "%s.%s", group, name));
}

static void add_paper_line(struct statement *statement, const struct statement_lines_row *row)
{
	struct arena *arena = statement->paged.task.arena;
	struct paper *paper = statement->paper;
	char time[TIME_TEXT_LENGTH + 1];

	time_format(row->at, time);
	time[10] = ' ';
	time[16] = '\0';
	paper_line(&statement->paged.text, "R", time, word_of(paper, arena, "causes", row->cause),
	           word_of(paper, arena, "accounts", row->account),
	           word_of(paper, arena, "items", row->item),
	           row->sub_order_number != NULL ? row->sub_order_number : "",
	           paper_money(arena, row->amount_amount, row->amount_currency), NULL);
}

static size_t read_lines(struct paged *paged)
{
	struct statement *statement = (struct statement *)(void *)paged;
	const struct statement_head_row *head = statement->head;
	size_t count;

	if (head->last_id == NULL || statement->after == *head->last_id)
		return 0;
	struct db *db = db_of(&paged->task);
	struct rows *rows = sql_statement_lines(db, head->from_journal, head->until_journal,
	                                        statement->after, *head->last_id, PAGE);
	const struct statement_lines_row *lines = sql_statement_lines_rows(db, rows, &count);

	for (size_t i = 0; i < count; i++) {
		assert(lines[i].id > statement->after);
		statement->after = lines[i].id;
		if (statement->paper != NULL) {
			add_paper_line(statement, &lines[i]);
			continue;
		}
		if (statement->csv) {
			add_csv_line(&paged->text, &lines[i]);
			continue;
		}
		struct json json = json_new(&paged->text);
		if (statement->written + i > 0)
			buf_add_str(&paged->text, ",");
		rows_json_object(rows, i, &json);
	}
	statement->written += count;
	return count;
}

struct balances {
	int64_t pending, available, reserved, in_payout;
};

static void put_balances(struct json *json, const char *key, const struct balances *of,
                         const char *currency)
{
	json_key(json, key);
	json_open_object(json);
	json_put_money(json, "pending", of->pending, currency);
	json_put_money(json, "available", of->available, currency);
	json_put_money(json, "reserved", of->reserved, currency);
	json_put_money(json, "in_payout", of->in_payout, currency);
	json_close_object(json);
}

static void add_csv_balances(struct buf *buf, const char *what, const struct balances *of,
                             const char *currency)
{
	const struct {
		const char *account;
		int64_t amount;
	} rows[] = {{"pending", of->pending},
	            {"available", of->available},
	            {"reserved", of->reserved},
	            {"in_payout", of->in_payout}};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char amount[32];
		money_format_decimal(rows[i].amount, currency, amount);
		buf_printf(buf, ",,%s,%s,,%s,%s,,,,\r\n", what, rows[i].account, amount, currency);
	}
}

static void begin(struct buf *buf, const struct statement *statement, const char *month,
                  const struct balances *opening, const struct balances *closing)
{
	const struct statement_head_row *head = statement->head;
	struct json json = json_new(buf);

	if (statement->csv) {
		buf_add_str(buf, "Entry,Time,Cause,Account,Item,Amount,Currency,Sub-order,Payout,"
		                 "Commission rules,Reason\r\n");
		add_csv_balances(buf, "opening", opening, head->currency);
		return;
	}
	json_open_object(&json);
	json_put_str(&json, "id", month);
	json_put_time(&json, "from", head->from);
	json_put_time(&json, "until", head->until);
	put_balances(&json, "opening", opening, head->currency);
	put_balances(&json, "closing", closing, head->currency);
	json_key(&json, "lines");
	buf_add_str(buf, "[");
}

static void add_paper_balances(struct paper *paper, struct arena *arena, const char *what,
                               const struct balances *of, const char *currency)
{
	const struct {
		const char *word;
		int64_t amount;
	} rows[] = {{"accounts.pending", of->pending},
	            {"accounts.available", of->available},
	            {"accounts.reserved", of->reserved},
	            {"accounts.in_payout", of->in_payout}};

	paper_add(paper, "S", paper_word(paper, what), "", "bold", NULL);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		paper_add(paper, "S", paper_word(paper, rows[i].word),
		          paper_money(arena, rows[i].amount, currency), "plain", NULL);
}

static void begin_paper(struct request *rq, struct statement *statement, const char *month,
                        const struct balances *opening)
{
	static const char *const COLUMNS[][3] = {
	    {"2.4", "start", "time"}, {"2.6", "start", "cause"}, {"2", "start", "account"},
	    {"2.4", "start", "for"},  {"2", "start", "order"},   {"2.2", "end", "amount"}};
	struct paper *paper = statement->paper;
	const struct statement_vendor_row *vendor = sql_statement_vendor_rows(
	    db_of(&rq->task), sql_statement_vendor(db_of(&rq->task)), NULL);

	paper_add(paper, "K", paper_word(paper, "period"), month, NULL);
	paper_add(paper, "K", paper_word(paper, "seller"), vendor->name, NULL);
	add_paper_balances(paper, rq->task.arena, "opening", opening, statement->head->currency);
	for (size_t i = 0; i < sizeof(COLUMNS) / sizeof(COLUMNS[0]); i++)
		paper_add(paper, "C", COLUMNS[i][0], COLUMNS[i][1],
		          paper_word(paper, COLUMNS[i][2]), NULL);
}

/* All of it, since its PDF is made of the whole document. */
static void send_paper(struct request *rq, struct statement *statement, const char *month,
                       const struct balances *opening, const struct balances *closing)
{
	statement->paper = paper_new(rq, "statement", month, statement->head->from);
	begin_paper(rq, statement, month, opening);
	paged_open(rq, &statement->paged, read_lines);
	while (statement->paged.count > 0) {
		if (statement->written > LIMIT_PAPER_LINES)
			task_end(&rq->task, PROBLEM_CONFLICT,
			         "It has more than %d lines: read it as CSV.", LIMIT_PAPER_LINES);
		paper_write(statement->paper, statement->paged.text.data,
		            statement->paged.text.length);
		paged_next(rq, &statement->paged);
	}
	add_paper_balances(statement->paper, rq->task.arena, "closing", closing,
	                   statement->head->currency);
	paper_reply(rq, statement->paper);
}

/* GET /v1/vendors/{vendor_id}/statements/{month} */
void get_statement(struct request *rq, const struct get_statement_in *in)
{
	struct statement *statement = arena_alloc(rq->task.arena, sizeof(*statement));
	struct db *db = db_of(&rq->task);
	struct buf text = buf_new(rq->task.arena, 2048);

	month_check(&rq->task, in->month);
	const struct statement_head_row *head =
	    sql_statement_head_rows(db, sql_statement_head(db, in->month), NULL);
	const struct balances opening = {head->opening_pending, head->opening_available,
	                                 head->opening_reserved, head->opening_in_payout};
	const struct balances closing = {head->closing_pending, head->closing_available,
	                                 head->closing_reserved, head->closing_in_payout};

	statement->head = head;
	/* so that no earlier months are looked through */
	statement->after = head->first_id != NULL ? *head->first_id - 1 : 0;
	if (in->format == GET_STATEMENT_FORMAT_PDF) {
		send_paper(rq, statement, in->month, &opening, &closing);
		return;
	}
	statement->csv = in->format == GET_STATEMENT_FORMAT_CSV;
	paged_open(rq, &statement->paged, read_lines);
	begin(&text, statement, in->month, &opening, &closing);
	reply_stream_begin(rq, 200, statement->csv ? "text/csv" : "application/json");
	reply_stream_write(rq, text.data, text.length);
	paged_send(rq, &statement->paged);
	buf_clear(&text);
	if (statement->csv)
		add_csv_balances(&text, "closing", &closing, head->currency);
	else
		buf_add_str(&text, "]}");
	reply_stream_write(rq, text.data, text.length);
	reply_stream_end(rq);
}
