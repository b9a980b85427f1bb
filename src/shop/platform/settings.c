/*
 * settings: the marketplace's fees and deadlines.
 */
#include <assert.h>

#include "api.gen.h"
#include "settings.sql.h"
#include "web/reply.h"

/* GET /v1/admin/settings */
void get_settings(struct request *rq, const struct get_settings_in *in)
{
	reply_row(rq, sql_admin_settings(db_of(&rq->task)));
}

static const char *borne_by(const enum goodwill_by_choice *by)
{
	return by != NULL ? GOODWILL_BY_NAMES[*by] : NULL;
}

/* PUT /v1/admin/settings */
void put_settings(struct request *rq, const struct put_settings_in *in)
{
	assert(rq->task.actor.kind == ACTOR_ADMIN);
	struct db *tx = db_begin(&rq->task);
	struct rows *changed = sql_admin_settings_put(
	    tx,
	    &(struct admin_settings_put_args){
	        .if_match = request_if_match(rq),
	        .fee_fixed = in->service_fee_fixed.amount,
	        .fee_currency = in->service_fee_fixed.currency,
	        .fee_basis_points = in->service_fee_basis_points,
	        .commission_basis_points = in->commission_basis_points,
	        .payment_hours = in->payment_hours,
	        .accept_hours = in->accept_hours,
	        .ship_grace_days = in->ship_grace_days,
	        .complete_days = in->complete_days,
	        .hold_days = in->hold_days,
	        .campaigns_per_week = in->campaigns_per_week,
	        .commission_tax_basis_points = in->commission_tax_basis_points,
	        .payout_schedule = in->payout_schedule != NULL
	                               ? PAYOUT_SCHEDULE_NAMES[*in->payout_schedule]
	                               : NULL,
	        .payout_minimum = in->payout_minimum != NULL ? &in->payout_minimum->amount : NULL,
	        .payout_currency = in->payout_minimum != NULL ? in->payout_minimum->currency : NULL,
	        .payout_approvals = in->payout_approvals,
	        .payout_reserve_basis_points = in->payout_reserve_basis_points,
	        .payout_reserve_days = in->payout_reserve_days,
	        .two_factor_admins = in->two_factor_admins,
	        .two_factor_staff = in->two_factor_staff,
	        .two_factor_grace_days = in->two_factor_grace_days,
	        .refund_keeps_commission = in->refund_keeps_commission,
	        .return_days = in->return_days,
	        .return_answer_days = in->return_answer_days,
	        .return_ship_days = in->return_ship_days,
	        .dispute_days = in->dispute_days,
	        .dispute_answer_days = in->dispute_answer_days,
	        .chargebacks_borne_by = borne_by(in->chargebacks_borne_by),
	        .chargeback_fees_borne_by = borne_by(in->chargeback_fees_borne_by),
	    });

	if (rows_count(changed) == 0)
		request_end_changed(rq);
	reply_commit_row(rq, tx, 200, changed);
}
