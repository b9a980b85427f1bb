/*
 * attempt: what is asked about an attempt, and what is made of the answer. The request that began
 * it, one that checks it, and the job may all be here at once: attempt_finish() locks the
 * sub-orders and the attempt, and the first that brings the money settles it.
 */
#include "shop/payments/attempt.h"

#include <assert.h>
#include <stddef.h>
#include <string.h>

#include "attempts.sql.h"
#include "net/log.h"
#include "net/loop.h"
#include "shop/orders/orders.h"

enum {
	CAPTURES_MAX = 2, /* asks in a row: an authorised attempt is captured at once */
	/* Attempts that one run of the job takes; each may wait for its provider. */
	DUE_MAX = 20,
	RUN_MS = 15 * 1000,
};

static enum payment_act act_for(const struct attempt_to_ask_row *row,
                                const struct payment_provider *provider, bool begins)
{
	if (strcmp(row->state, "created") == 0)
		return begins ? PAYMENT_START : PAYMENT_FETCH;
	if (strcmp(row->state, "authorised") == 0)
		return row->is_late ? PAYMENT_CANCEL : PAYMENT_CAPTURE;
	if (strcmp(row->state, "needs_action") == 0 && row->is_late &&
	    (provider->can & PAYMENT_CAN_CANCEL))
		return PAYMENT_CANCEL;
	return PAYMENT_FETCH;
}

static const struct attempt_to_ask_row *read_attempt(struct task *task, struct uuid id)
{
	struct db *db = db_as(task, PG_JOBS);

	return sql_attempt_to_ask_rows(db, sql_attempt_to_ask(db, id), NULL);
}

/* Whether there is more to do. */
static bool step(struct task *task, struct uuid id, const char *origin)
{
	const struct attempt_to_ask_row *row = read_attempt(task, id);
	const struct payment_provider *provider = payment_provider_named(row->provider);
	struct payment_answer answer;

	assert(provider != NULL); /* the table says so */
	if (strcmp(row->state, "captured") == 0)
		return false;
	enum payment_act act = act_for(row, provider, origin != NULL);

	answer = payment_ask(task, provider,
	                     &(struct payment_ask){
	                         .act = act,
	                         .attempt = id,
	                         .amount = row->amount,
	                         .currency = row->currency,
	                         .order_number = row->number,
	                         .token = row->token,
	                         .return_url = row->return_url,
	                         .reference = row->reference,
	                         .origin = origin,
	                     });
	/* Nothing has begun, so that another attempt may. */
	if (act == PAYMENT_START &&
	    (answer.word == PAYMENT_UNSENT || answer.word == PAYMENT_MISTAKE))
		answer = (struct payment_answer){.word = PAYMENT_FAILED, .failure = "not_begun"};
	attempt_finish(task, id, &answer);
	return answer.word == PAYMENT_AUTHORISED;
}

void attempt_carry_on(struct task *task, struct uuid id, const char *origin)
{
	for (int i = 0; i < CAPTURES_MAX; i++)
		if (!step(task, id, origin))
			return;
}

/* Phase 3. */

static bool is_open(const char *state)
{
	return strcmp(state, "created") == 0 || strcmp(state, "needs_action") == 0 ||
	       strcmp(state, "authorised") == 0 || strcmp(state, "unknown") == 0;
}

/* The state after an answer; the database keeps the old one where this does not follow from it. */
static const char *state_after(const struct attempt_lock_row *row,
                               const struct payment_answer *answer)
{
	bool is_new = strcmp(row->state, "created") == 0;

	switch (answer->word) {
	case PAYMENT_NEEDS_ACTION: /* of a provider that cancels nothing */
		return row->is_over ? "cancelled" : PAYMENT_WORDS[answer->word];
	case PAYMENT_AUTHORISED:
	case PAYMENT_CAPTURED:
	case PAYMENT_FAILED:
	case PAYMENT_CANCELLED:
	case PAYMENT_EXPIRED:
		return PAYMENT_WORDS[answer->word];
	case PAYMENT_PROCESSING:
		return is_new ? "unknown" : row->state;
	case PAYMENT_UNANSWERED:
		return is_open(row->state) ? "unknown" : row->state;
	case PAYMENT_ABSENT:
		return row->is_old ? "failed" : is_new ? "unknown" : row->state;
	case PAYMENT_UNSENT:
	case PAYMENT_MISTAKE:
		return row->state;
	case PAYMENT_REFUNDED:
	case PAYMENT_REFUND_PENDING:
	case PAYMENT_REFUND_REFUSED:
	case PAYMENT_WORD_COUNT:
		break;
	}
	assert(!"a word about an attempt");
	return row->state;
}

static void write_answer(struct db *chain, struct uuid id, const struct attempt_lock_row *row,
                         const struct payment_answer *answer)
{
	bool comes = answer->word == PAYMENT_CAPTURED;

	sql_attempt_write(
	    chain, &(struct attempt_write_args){
	               .id = id,
	               .state = state_after(row, answer),
	               .reference = answer->reference,
	               .action = answer->action,
	               .failure = answer->word == PAYMENT_ABSENT ? "not_begun" : answer->failure,
	               .outcome = !comes             ? NULL
	                          : row->order_waits ? "order"
	                                             : "extra",
	           });
}

static void log_extra(const struct attempt_lock_row *row, struct uuid id)
{
	char attempt[UUID_TEXT_LENGTH + 1], order[UUID_TEXT_LENGTH + 1];

	uuid_format(id, attempt);
	uuid_format(row->order_id, order);
	LOG_WARNING("an order was paid twice, or too little; this payment goes back",
	            log_str("attempt_id", attempt), log_str("order_id", order));
}

void attempt_finish(struct task *task, struct uuid id, const struct payment_answer *answer)
{
	struct db *tx = db_begin_as(task, PG_JOBS);
	struct db *chain = db_chain(tx);
	struct rows *locked;
	const struct attempt_lock_row *row;

	sql_attempt_sub_orders_lock(chain, id);
	locked = sql_attempt_lock(chain, id);
	db_run(chain);
	row = sql_attempt_lock_rows(chain, locked, NULL);
	if (strcmp(row->state, "captured") == 0) { /* somebody else was faster */
		db_commit(tx);
		return;
	}
	write_answer(chain, id, row, answer);
	if (answer->word == PAYMENT_CAPTURED && row->order_waits) {
		orders_receive(chain, row->order_id, row->amount, answer->reference);
	} else if (answer->word == PAYMENT_CAPTURED) {
		sql_attempt_extra(chain, id);
		log_extra(row, id);
	}
	db_run(chain);
	db_commit(tx);
}

/* The job: each attempt in a part of its own, so that one that fails does not keep the others. */
struct due {
	struct task task; /* must be first: cast to it */
	struct uuid id;
};

_Static_assert(offsetof(struct due, task) == 0, "a task is cast to its attempt");

static void carry_on_with(struct task *task)
{
	attempt_carry_on(task, ((struct due *)(void *)task)->id, NULL);
}

void attempts_reconcile(struct task *task)
{
	struct db *db = db_of(task);
	int64_t end_ms = loop_now_ms() + RUN_MS;
	const struct attempts_due_row *rows;
	size_t count;

	rows = sql_attempts_due_rows(db, sql_attempts_due(db, DUE_MAX), &count);
	assert(count <= DUE_MAX);
	for (size_t i = 0; i < count && loop_now_ms() < end_ms; i++) {
		struct due due = {.id = rows[i].id};
		const char *why = task_attempt(task, &due.task, carry_on_with);
		char id[UUID_TEXT_LENGTH + 1];

		if (why == NULL)
			continue;
		uuid_format(due.id, id);
		LOG_WARNING("an attempt to pay cannot go on yet", log_str("attempt_id", id),
		            log_str("reason", why));
	}
}
