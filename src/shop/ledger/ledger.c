/*
 * ledger: reads of the ledger, and what finance records by hand. What writes it is in the database
 * (functions.sql).
 */
#include <assert.h>

#include "api.gen.h"
#include "ledger.sql.h"
#include "web/page.h"
#include "web/reply.h"

/* GET /v1/vendors/{vendor_id}/balance */
void get_balance(struct request *rq, const struct get_balance_in *in)
{
	reply_row(rq, sql_balance_read(db_of(&rq->task)));
}

/* GET /v1/vendors/{vendor_id}/ledger */
void list_ledger(struct request *rq, const struct list_ledger_in *in)
{
	struct page page = page_open(rq, in->cursor, in->limit, 0, PAGE_DESCENDING);

	reply_page(rq, &page,
	           sql_ledger_page(db_of(&rq->task), in->sub_order_id, page.after_key,
	                           page.after_id, page.count));
}

/* GET /v1/admin/money/accounts */
void list_money_accounts(struct request *rq, const struct list_money_accounts_in *in)
{
	reply_list(rq, sql_money_accounts(db_of(&rq->task)));
}

/* GET /v1/admin/ledger/journals */
void list_journals(struct request *rq, const struct list_journals_in *in)
{
	struct page page = page_open(rq, in->cursor, in->limit, 0, PAGE_DESCENDING);
	struct uuid vendor;
	bool by_id = in->vendor != NULL && uuid_parse(in->vendor, &vendor);

	reply_page(rq, &page,
	           sql_journals_page(db_of(&rq->task), &(struct journals_page_args){
	                                                   .order = in->order_id,
	                                                   .sub_order = in->sub_order_id,
	                                                   .vendor = by_id ? &vendor : NULL,
	                                                   .slug = by_id ? NULL : in->vendor,
	                                                   .after_id = page.after_id,
	                                                   .page_size = page.count,
	                                               }));
}

static const struct rows *journal(struct db *db, struct uuid id)
{
	return sql_journals_page(db, &(struct journals_page_args){.id = &id, .page_size = 1});
}

/* GET /v1/admin/ledger/journals/{journal_id} */
void get_journal(struct request *rq, const struct get_journal_in *in)
{
	const struct rows *rows = journal(db_of(&rq->task), in->journal_id);

	assert(rows_count(rows) <= 1);
	if (rows_count(rows) == 0)
		task_end(&rq->task, PROBLEM_NOT_FOUND, "Journal not found.");
	reply_row(rq, rows);
}

/* POST /v1/admin/vendors/{vendor_id}/debt-paid */
void mark_debt_paid(struct request *rq, const struct mark_debt_paid_in *in)
{
	struct db *tx = db_begin(&rq->task);
	const struct rows *written =
	    sql_debt_paid(tx, in->vendor_id, in->amount.amount, in->amount.currency, in->reference);
	struct uuid id = sql_debt_paid_rows(tx, written, NULL)->id;

	reply_commit_row(rq, tx, 200, journal(tx, id));
}

/* POST /v1/admin/ledger/journals/{journal_id}/reverse */
void reverse_journal(struct request *rq, const struct reverse_journal_in *in)
{
	struct db *tx = db_begin(&rq->task);
	const struct rows *written = sql_journal_reverse(tx, in->journal_id, in->reason);
	struct uuid id = sql_journal_reverse_rows(tx, written, NULL)->id;

	reply_commit_row(rq, tx, 200, journal(tx, id));
}
