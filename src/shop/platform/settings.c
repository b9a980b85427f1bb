/*
 * settings: the marketplace's fees and deadlines.
 */
#include <assert.h>

#include "api.gen.h"
#include "base/address.h"
#include "settings.sql.h"
#include "shop/platform/platform.h"
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

static const char *network_field(struct request *rq, size_t i)
{
	return arena_printf(rq->task.arena, "/admin_networks/%zu", i);
}

static _Noreturn void refuse_network(struct request *rq, size_t i)
{
	task_end_field(&rq->task, network_field(rq, i), "format",
	               "must be an address, or address/bits without bits behind the prefix");
}

/* The networks, which must have the caller's own address: nobody locks themselves out. */
static struct text_array checked_networks(struct request *rq, const struct put_settings_in *in)
{
	struct text_array texts = {in->admin_networks_count, in->admin_networks};
	struct networks own, one;
	bool has_own = texts.count == 0;

	assert(texts.count <= NETWORKS_MAX); /* the contract's bound */
	if (has_own)
		return texts;
	if (!networks_parse(rq->task.actor.address, &own) || own.count != 1)
		own = (struct networks){0};
	for (size_t i = 0; i < texts.count; i++) {
		if (!networks_parse(texts.items[i], &one) || one.count != 1)
			refuse_network(rq, i);
		if (network_is_mapped(&one.items[0])) /* clients' addresses are IPv4 ones then */
			task_end_field(&rq->task, network_field(rq, i), "format",
			               "must be a network of IPv4, without ::ffff:");
		has_own = has_own || (own.count == 1 && networks_have(&one, &own.items[0].address));
	}
	if (!has_own)
		task_end_field(&rq->task, "/admin_networks", "without_yours",
		               "must have the network that this request comes from");
	return texts;
}

/* PUT /v1/admin/settings */
void put_settings(struct request *rq, const struct put_settings_in *in)
{
	assert(rq->task.actor.kind == ACTOR_ADMIN);
	struct text_array networks = checked_networks(rq, in);
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
	        .admin_networks = in->admin_networks != NULL ? &networks : NULL,
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

bool platform_clear_admin_networks(struct task *task)
{
	struct db *db = db_as(task, PG_JOBS);

	return sql_admin_networks_clear_rows(db, sql_admin_networks_clear(db), NULL)->had;
}
