/*
 * payouts: what is paid out, as vendors see it and admins move it. Its states and journals are in
 * the database (functions.sql).
 */
#include <assert.h>

#include "api.gen.h"
#include "payouts.sql.h"
#include "shop/feed/feed.h"
#include "web/page.h"
#include "web/reply.h"

enum { RUN_MAX = 1000 }; /* vendors of one request: some 300 ms */

/* GET /v1/vendors/{vendor_id}/payouts, /v1/admin/payouts */
void list_payouts(struct request *rq, const struct list_payouts_in *in)
{
	struct page page = page_open(rq, in->cursor, in->limit, 0, PAGE_DESCENDING);
	const char *status = in->status != NULL ? PAYOUT_STATUS_NAMES[*in->status] : NULL;

	reply_page(rq, &page,
	           sql_payouts_page(db_of(&rq->task), NULL, status, page.after_id, page.count));
}

static struct rows *payout(struct db *db, struct uuid id)
{
	struct rows *rows = sql_payouts_page(db, &id, NULL, id, 1);

	assert(rows_count(rows) <= 1);
	if (rows_count(rows) == 0)
		task_end(db_task(db), PROBLEM_NOT_FOUND, "Payout not found.");
	return rows;
}

/* GET …/payouts/{payout_id} */
void get_payout(struct request *rq, const struct get_payout_in *in)
{
	reply_row(rq, payout(db_of(&rq->task), in->payout_id));
}

/* POST /v1/admin/payouts/run */
void run_payouts(struct request *rq, const struct run_payouts_in *in)
{
	struct db *tx = db_begin(&rq->task);

	reply_commit_row(rq, tx, 200, sql_payouts_run(tx, RUN_MAX, in->vendor_id));
}

/* POST /v1/admin/payouts/{payout_id}/approve */
void approve_payout(struct request *rq, const struct approve_payout_in *in)
{
	struct db *tx = db_begin(&rq->task);

	sql_payout_approve(tx, in->payout_id);
	reply_commit_row(rq, tx, 200, payout(tx, in->payout_id));
}

/* Tells the vendor what became of it. */
static void end(struct request *rq, struct uuid id, enum payout_status_choice target,
                const char *note)
{
	struct db *tx = db_begin(&rq->task);

	sql_payout_end(tx, id, PAYOUT_STATUS_NAMES[target], note);
	struct rows *rows = payout(tx, id);
	const struct payouts_page_row *row = sql_payouts_page_rows(tx, rows, NULL);
	struct money amount = {.amount = row->amount_amount};

	snprintf(amount.currency, sizeof(amount.currency), "%s", row->amount_currency);
	if (target == PAYOUT_STATUS_PAID)
		feed_write_payout_paid(
		    tx, row->vendor_id,
		    &(struct event_payout_paid){.payout_id = id, .amount = amount});
	else
		feed_write_payout_failed(
		    tx, row->vendor_id,
		    &(struct event_payout_failed){.payout_id = id, .amount = amount});
	reply_commit_row(rq, tx, 200, rows);
}

/* POST /v1/admin/payouts/{payout_id}/paid */
void mark_payout_paid(struct request *rq, const struct mark_payout_paid_in *in)
{
	end(rq, in->payout_id, PAYOUT_STATUS_PAID, in->reference);
}

/* POST /v1/admin/payouts/{payout_id}/failed */
void mark_payout_failed(struct request *rq, const struct mark_payout_failed_in *in)
{
	end(rq, in->payout_id, PAYOUT_STATUS_FAILED, in->reason);
}

/* POST /v1/admin/payouts/{payout_id}/returned */
void mark_payout_returned(struct request *rq, const struct mark_payout_returned_in *in)
{
	end(rq, in->payout_id, PAYOUT_STATUS_RETURNED, in->reason);
}

/* GET /v1/admin/vendors/{vendor_id}/payout-terms */
void get_payout_terms(struct request *rq, const struct get_payout_terms_in *in)
{
	reply_row(rq, sql_payout_terms_read(db_of(&rq->task), in->vendor_id));
}

/* PUT /v1/admin/vendors/{vendor_id}/payout-terms */
void put_payout_terms(struct request *rq, const struct put_payout_terms_in *in)
{
	struct db *tx = db_begin(&rq->task);

	sql_payout_terms_put(
	    tx, &(struct payout_terms_put_args){
	            .vendor = in->vendor_id,
	            .schedule = in->schedule != NULL ? PAYOUT_SCHEDULE_NAMES[*in->schedule] : NULL,
	            .minimum = in->minimum != NULL ? &in->minimum->amount : NULL,
	            .currency = in->minimum != NULL ? in->minimum->currency : NULL,
	            .reserve_basis_points = in->reserve_basis_points,
	            .reserve_days = in->reserve_days,
	            .held_reason = in->held_reason,
	        });
	reply_commit_row(rq, tx, 200, sql_payout_terms_read(tx, in->vendor_id));
}
