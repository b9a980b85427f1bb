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

enum {
	PENDING_MS = 60 * 1000, /* a provider that takes its time is asked again after this */
	CHARGED_BACK_MS = 10 * 60 * 1000, /* and what a bank has taken, when that may be decided */
	GIVEN_UP_MAX = 100,               /* per run of the job: few, if any */
};

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

/* The refund, locked after the sub-orders of its order, as everywhere. */
static const struct refund_lock_row *lock(struct db *chain, struct uuid id)
{
	struct rows *locked;

	sql_refund_sub_orders_lock(chain, id);
	locked = sql_refund_lock(chain, id);
	db_run(chain);
	return sql_refund_lock_rows(chain, locked, NULL);
}

static bool is_open(const struct refund_lock_row *row)
{
	return strcmp(row->state, "pending") == 0 || strcmp(row->state, "failed") == 0;
}

enum taken { TAKEN, CHARGED_BACK, OVER };

/* Before the provider is asked: from now on the refund is under way, and nobody records it by hand.
 * CHARGED_BACK: the bank has the money, and may pay it back. OVER: it was recorded by hand, or is
 * refunded. */
static enum taken take(struct task *task, struct uuid id, bool *is_doubtful)
{
	struct db *tx = db_begin_as(task, PG_JOBS);
	struct db *chain = db_chain(tx);
	const struct refund_lock_row *row = lock(chain, id);
	enum taken taken = !is_open(row) ? OVER : row->is_charged_back ? CHARGED_BACK : TAKEN;

	*is_doubtful = row->is_doubtful;
	if (taken == TAKEN) {
		sql_refund_write(chain, id, "pending", NULL, NULL);
		db_run(chain);
	}
	db_commit(tx);
	return taken;
}

static void log_twice(struct uuid id, const struct refund_lock_row *row)
{
	char refund[UUID_TEXT_LENGTH + 1], order[UUID_TEXT_LENGTH + 1];

	uuid_format(id, refund);
	uuid_format(row->order_id, order);
	LOG_ERROR("a provider made a refund that was recorded by hand, too",
	          log_str("refund_id", refund), log_str("order_id", order));
}

static void write_not_refunded(struct db *chain, struct uuid id,
                               const struct payment_answer *answer, bool is_last)
{
	bool is_refused = answer->word == PAYMENT_REFUND_REFUSED;

	sql_refund_write(chain, id, is_refused || is_last ? "failed" : "pending", answer->reference,
	                 is_refused ? answer->failure
	                 : is_last  ? "unanswered"
	                            : NULL);
	if (is_refused || is_last)
		sql_refund_failed(chain, id);
}

/* is_last: it is not asked for again by itself, so that it is failed, and may be made by hand. */
static void finish(struct task *task, struct uuid id, const struct payment_answer *answer,
                   bool is_last)
{
	struct db *tx = db_begin_as(task, PG_JOBS);
	struct db *chain = db_chain(tx);
	const struct refund_lock_row *row = lock(chain, id);

	if (!is_open(row)) { /* refunded, by somebody who was faster or by hand */
		if (answer->word == PAYMENT_REFUNDED && strcmp(row->state, "by_hand") == 0)
			log_twice(id, row);
		db_commit(tx);
		return;
	}
	if (answer->word == PAYMENT_REFUNDED)
		write_refunded(chain, id, row, answer->reference);
	else
		write_not_refunded(chain, id, answer, is_last);
	db_run(chain);
	db_commit(tx);
}

/* A refund that was made did not arrive, and the money is with the provider again. */
static void undo(struct task *task, struct uuid id, const struct payment_answer *answer)
{
	struct db *tx = db_begin_as(task, PG_JOBS);
	struct db *chain = db_chain(tx);

	assert(answer->word == PAYMENT_REFUND_REFUSED);
	lock(chain, id);
	sql_refund_undo(chain, id, answer->failure != NULL ? answer->failure : "");
	db_run(chain);
	db_commit(tx);
}

/* Whether this answer of the last attempt leaves a dead letter. */
static bool is_last(const struct delivery *delivery, const struct payment_answer *answer)
{
	return delivery_is_last(delivery) &&
	       (answer->word == PAYMENT_UNANSWERED || answer->word == PAYMENT_MISTAKE);
}

void refunds_lost(struct task *task, struct uuid id)
{
	finish(task, id, &(struct payment_answer){.word = PAYMENT_UNANSWERED}, true);
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

static struct payment_answer ask(struct task *task, const struct refunds_to_send_row *row,
                                 bool is_doubtful)
{
	const struct payment_provider *provider = payment_provider_named(row->provider);

	assert(provider != NULL && row->refund_amount <= row->amount);
	return payment_ask(
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
	        .is_doubtful = is_doubtful,
	    });
}

/* Of one that was made: when the provider says now that it failed, it is taken back. */
static void look_again(struct task *task, struct delivery *delivery,
                       const struct refunds_to_send_row *row)
{
	struct payment_answer answer = ask(task, row, false);

	delivery_allow_time(task);
	if (answer.word == PAYMENT_REFUND_REFUSED)
		undo(task, row->id, &answer);
	else if (answer.word == PAYMENT_REFUND_PENDING)
		answer.word = PAYMENT_REFUNDED; /* on its way, as before */
	conclude(delivery, &answer);
}

static void send(struct task *task, struct delivery *delivery,
                 const struct refunds_to_send_row *row)
{
	struct payment_answer answer;
	bool is_doubtful;

	if (!delivery_begin(delivery))
		return;
	if (row->is_made) {
		look_again(task, delivery, row);
		return;
	}
	switch (take(task, row->id, &is_doubtful)) {
	case OVER:
		delivery_skip(delivery);
		return;
	case CHARGED_BACK:
		delivery_postpone(delivery, CHARGED_BACK_MS);
		return;
	case TAKEN:
		break;
	}
	answer = ask(task, row, is_doubtful);
	delivery_allow_time(task);
	if (answer.word != PAYMENT_UNSENT)
		finish(task, row->id, &answer, is_last(delivery, &answer));
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

void refunds_give_up(struct task *task)
{
	struct db *tx = db_begin(task);

	sql_refunds_give_up(tx, GIVEN_UP_MAX);
	db_commit(tx);
}
