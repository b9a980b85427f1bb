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
	/* Attempts of a provider that one run of the job takes, and the time after which it asks
	 * about no other of them; each may wait for its provider. */
	DUE_MAX = 20,
	RUN_MS = 5 * 1000,
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

/* The answer; PAYMENT_CAPTURED also when that is known. */
static enum payment_word step(struct task *task, struct uuid id, const char *origin)
{
	const struct attempt_to_ask_row *row = read_attempt(task, id);
	const struct payment_provider *provider = payment_provider_named(row->provider);
	struct payment_answer answer;

	assert(provider != NULL); /* the table says so */
	if (strcmp(row->state, "captured") == 0)
		return PAYMENT_CAPTURED;
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
	return answer.word;
}

bool attempt_carry_on(struct task *task, struct uuid id, const char *origin)
{
	enum payment_word word = PAYMENT_AUTHORISED;

	for (int i = 0; i < CAPTURES_MAX && word == PAYMENT_AUTHORISED; i++)
		word = step(task, id, origin);
	return word != PAYMENT_UNANSWERED;
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
	case PAYMENT_UNANSWERED: /* the customer may go on with what there is to do */
		return is_open(row->state) && strcmp(row->state, "needs_action") != 0 ? "unknown"
		                                                                      : row->state;
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

/* Whether it is asked about again even when it is over: the answer did not say what became of it,
 * or the customer may still pay what nobody can cancel. */
static bool asks_again(const struct attempt_lock_row *row, const struct payment_answer *answer)
{
	const struct payment_provider *provider = payment_provider_named(row->provider);

	assert(provider != NULL);
	switch (answer->word) {
	case PAYMENT_PROCESSING:
	case PAYMENT_UNANSWERED:
	case PAYMENT_UNSENT:
	case PAYMENT_MISTAKE:
		return true;
	default:
		return !(provider->can & PAYMENT_CAN_CANCEL) && !row->is_long_over;
	}
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
	               .again = asks_again(row, answer),
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
	bool is_answered;
};

_Static_assert(offsetof(struct due, task) == 0, "a task is cast to its attempt");

static void carry_on_with(struct task *task)
{
	struct due *due = (struct due *)(void *)task;

	due->is_answered = attempt_carry_on(task, due->id, NULL);
}

/* Whether the provider answered, so that it may be asked about another one. */
static bool reconcile_one(struct task *task, struct uuid id)
{
	struct due due = {.id = id, .is_answered = true};
	const char *why = task_attempt(task, &due.task, carry_on_with);
	char text[UUID_TEXT_LENGTH + 1];

	if (why != NULL) {
		uuid_format(id, text);
		LOG_WARNING("an attempt to pay cannot go on yet", log_str("attempt_id", text),
		            log_str("reason", why));
	}
	return due.is_answered;
}

static void reconcile_those_of(struct task *task, const struct payment_provider *provider)
{
	struct db *db = db_of(task);
	int64_t end_ms = loop_now_ms() + RUN_MS;
	const struct attempts_due_row *rows;
	size_t count, next = 0;
	bool goes_on = true;

	rows = sql_attempts_due_rows(db, sql_attempts_due(db, provider->name, DUE_MAX), &count);
	assert(count <= DUE_MAX);
	while (next < count && goes_on)
		goes_on = reconcile_one(task, rows[next++].id) && loop_now_ms() < end_ms;
	if (next == count)
		return;
	struct uuid *rest = arena_array(task->arena, count - next, sizeof(rest[0]));

	for (size_t i = next; i < count; i++)
		rest[i - next] = rows[i].id;
	sql_attempts_give_back(db, (struct uuid_array){count - next, rest});
}

void attempts_reconcile(struct task *task)
{
	for (size_t i = 0; PAYMENT_PROVIDERS[i] != NULL; i++)
		reconcile_those_of(task, PAYMENT_PROVIDERS[i]);
}
