/*
 * refunds: the deliverer of the topic `payment_refunds`. A refund is asked for with its own id
 * until the provider says what became of it; its shares and journals are written once, under the
 * locks of its order.
 */
#include <assert.h>
#include <string.h>

#include "attempts.sql.h"
#include "net/log.h"
#include "shop/feed/feed.h"
#include "shop/orders/orders.h"
#include "shop/payments/attempt.h"

enum { PENDING_MS = 60 * 1000 }; /* a provider that takes its time is asked again after this */

static void tell_of_extra(struct db *chain, const struct refund_lock_row *row)
{
	struct event_payment_refunded event = {
	    .order_id = row->order_id,
	    .amount = {.amount = row->amount},
	};

	assert(strlen(row->currency) < sizeof(event.amount.currency));
	memcpy(event.amount.currency, row->currency, strlen(row->currency) + 1);
	feed_write_payment_refunded(chain, row->account_id, &event);
}

static void write_refunded(struct db *chain, struct uuid id, const struct refund_lock_row *row,
                           const char *reference)
{
	sql_refund_write(chain, id, "refunded", reference, NULL);
	if (row->is_extra) {
		sql_refund_extra_done(chain, row->attempt_id);
		tell_of_extra(chain, row);
	} else {
		orders_refund(chain, row->order_id, id);
	}
}

static void finish(struct task *task, struct uuid id, const struct payment_answer *answer)
{
	struct db *tx = db_begin_as(task, PG_JOBS);
	struct db *chain = db_chain(tx);
	struct rows *locked;
	const struct refund_lock_row *row;

	sql_refund_sub_orders_lock(chain, id);
	locked = sql_refund_lock(chain, id);
	db_run(chain);
	row = sql_refund_lock_rows(chain, locked, NULL);
	if (strcmp(row->state, "pending") != 0 && strcmp(row->state, "failed") != 0) {
		db_commit(tx); /* refunded, by somebody who was faster or by hand */
		return;
	}
	if (answer->word == PAYMENT_REFUNDED)
		write_refunded(chain, id, row, answer->reference);
	else
		sql_refund_write(chain, id,
		                 answer->word == PAYMENT_REFUND_REFUSED ? "failed" : "pending",
		                 answer->reference, answer->failure);
	db_run(chain);
	db_commit(tx);
}

static void conclude(struct delivery *delivery, const struct payment_answer *answer)
{
	const char *why = answer->failure != NULL ? answer->failure : PAYMENT_WORDS[answer->word];

	switch (answer->word) {
	case PAYMENT_REFUNDED:
		delivery_done(delivery);
		return;
	case PAYMENT_REFUND_PENDING:
		delivery_postpone(delivery, PENDING_MS);
		return;
	case PAYMENT_REFUND_REFUSED:
		LOG_ERROR("a provider refuses a refund", log_str("reason", why));
		delivery_give_up(delivery, why);
		return;
	case PAYMENT_UNSENT:
		delivery_unsent(delivery);
		return;
	default:
		delivery_unreachable(delivery, 0, why);
		return;
	}
}

static void send(struct task *task, struct delivery *delivery,
                 const struct refunds_to_send_row *row)
{
	const struct payment_provider *provider = payment_provider_named(row->provider);
	struct payment_answer answer;

	assert(provider != NULL && row->refund_amount <= row->amount);
	if (!delivery_begin(delivery))
		return;
	answer = payment_ask(
	    task, provider,
	    &(struct payment_ask){
	        .act = row->refund_reference != NULL ? PAYMENT_FETCH_REFUND : PAYMENT_REFUND,
	        .attempt = row->attempt_id,
	        .amount = row->amount,
	        .currency = row->currency,
	        .order_number = row->number,
	        .token = row->token,
	        .reference = row->reference,
	        .refund = row->id,
	        .refund_amount = row->refund_amount,
	        .refund_reference = row->refund_reference,
	    });
	delivery_allow_time(task);
	if (answer.word != PAYMENT_UNSENT)
		finish(task, row->id, &answer);
	conclude(delivery, &answer);
}

void refunds_deliver(struct task *task, struct delivery rows[], size_t count)
{
	struct uuid *ids = arena_array(task->arena, count, sizeof(ids[0]));
	struct db *db = db_of(task);
	const struct refunds_to_send_row *found;
	size_t found_count;

	assert(count > 0);
	for (size_t i = 0; i < count; i++)
		ids[i] = rows[i].subject_id;
	found = sql_refunds_to_send_rows(
	    db, sql_refunds_to_send(db, (struct uuid_array){count, ids}), &found_count);
	for (size_t i = 0; i < count; i++) {
		const struct refunds_to_send_row *row = NULL;

		for (size_t f = 0; f < found_count && row == NULL; f++)
			if (uuid_equal(found[f].id, ids[i]))
				row = &found[f];
		if (row == NULL)
			delivery_skip(&rows[i]);
		else
			send(task, &rows[i], row);
	}
}
