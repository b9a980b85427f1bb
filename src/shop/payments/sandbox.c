/*
 * sandbox: a provider that moves no money, for trying and testing. It is a part of this server, but
 * keeps books of its own (sandbox_charge), which nothing else reads, so that it can know what Sebez
 * does not: the token of an attempt says how it behaves.
 */
#include <assert.h>
#include <string.h>

#include "base/buf.h"
#include "base/json.h"
#include "chargeback.sql.h"
#include "sandbox.sql.h"
#include "shop/payments/provider.h"
#include "task/db.h"

enum { PROCESSING_MS = 1000, CHARGEBACK_FEE = 1500 };

/* What a token makes of a new charge: its state in our books, and what is answered. */
static const struct script {
	const char *token;
	const char *state; /* NULL: the request was lost on its way */
	enum payment_word word;
} SCRIPTS[] = {
    {"sandbox_ok", "captured", PAYMENT_CAPTURED},
    {"sandbox_declined", "failed", PAYMENT_FAILED},
    {"sandbox_action", "needs_action", PAYMENT_NEEDS_ACTION},
    {"sandbox_authorised", "authorised", PAYMENT_AUTHORISED},
    {"sandbox_timeout", "captured", PAYMENT_UNANSWERED},
    {"sandbox_lost", NULL, PAYMENT_UNANSWERED},
    {"sandbox_processing", "processing", PAYMENT_PROCESSING},
    {"sandbox_refund_fails", "captured", PAYMENT_CAPTURED},
};

static const struct script *script_of(const char *token)
{
	for (size_t i = 0; i < sizeof(SCRIPTS) / sizeof(SCRIPTS[0]); i++)
		if (strcmp(SCRIPTS[i].token, token) == 0)
			return &SCRIPTS[i];
	return NULL;
}

static bool offers(const struct payment_settings *settings, const char *currency)
{
	(void)currency;
	return settings->sandbox;
}

static struct db *books(struct task *task)
{
	return db_as(task, PG_JOBS);
}

static const char *action_of(struct arena *arena, const struct payment_ask *ask)
{
	struct buf buf = buf_new(arena, 256);
	struct json json = json_new(&buf);
	char id[UUID_TEXT_LENGTH + 1];

	if (ask->origin == NULL)
		return NULL; /* it is known since the attempt began */
	uuid_format(ask->attempt, id);
	json_open_object(&json);
	json_put_str(&json, "kind", "redirect");
	json_put_str(&json, "url", arena_printf(arena, "%s/dev/pay/%s", ask->origin, id));
	json_close_object(&json);
	return buf.data;
}

static struct payment_answer said(struct arena *arena, const struct payment_ask *ask,
                                  enum payment_word word)
{
	char id[UUID_TEXT_LENGTH + 1];

	uuid_format(ask->attempt, id);
	return (struct payment_answer){
	    .word = word,
	    .reference = arena_printf(arena, "sandbox_%s", id),
	    .action = word == PAYMENT_NEEDS_ACTION ? action_of(arena, ask) : NULL,
	    .failure = word == PAYMENT_FAILED ? "declined" : NULL,
	};
}

static enum payment_word word_of(const char *state)
{
	static const struct {
		const char *state;
		enum payment_word word;
	} ALL[] = {{"needs_action", PAYMENT_NEEDS_ACTION},
	           {"authorised", PAYMENT_AUTHORISED},
	           {"processing", PAYMENT_PROCESSING},
	           {"captured", PAYMENT_CAPTURED},
	           {"failed", PAYMENT_FAILED},
	           {"cancelled", PAYMENT_CANCELLED}};

	for (size_t i = 0; i < sizeof(ALL) / sizeof(ALL[0]); i++)
		if (strcmp(ALL[i].state, state) == 0)
			return ALL[i].word;
	assert(!"a state of a charge");
	return PAYMENT_UNANSWERED;
}

static struct payment_answer fetch(struct task *task, const struct payment_ask *ask)
{
	const struct sandbox_charge_read_row *charge;
	size_t count;

	charge = sql_sandbox_charge_read_rows(
	    books(task), sql_sandbox_charge_read(books(task), ask->attempt), &count);
	if (count == 0)
		return (struct payment_answer){.word = PAYMENT_ABSENT};
	if (strcmp(charge->state, "processing") == 0 && charge->age_ms >= PROCESSING_MS) {
		sql_sandbox_charge_move(books(task), ask->attempt, "processing", "captured");
		return said(task->arena, ask, PAYMENT_CAPTURED);
	}
	return said(task->arena, ask, word_of(charge->state));
}

static struct payment_answer start(struct task *task, const struct payment_ask *ask)
{
	const struct script *script = script_of(ask->token != NULL ? ask->token : "sandbox_ok");
	struct payment_answer answer;

	if (script == NULL)
		return (struct payment_answer){.word = PAYMENT_FAILED, .failure = "unknown_token"};
	if (script->state != NULL)
		sql_sandbox_charge_add(books(task), ask->attempt, ask->amount, ask->currency,
		                       script->state);
	if (script->word == PAYMENT_UNANSWERED)
		return (struct payment_answer){.word = PAYMENT_UNANSWERED};
	answer = fetch(task, ask);
	assert(answer.word != PAYMENT_ABSENT);
	return answer;
}

static struct payment_answer move(struct task *task, const struct payment_ask *ask,
                                  const char *from, const char *to)
{
	sql_sandbox_charge_move(books(task), ask->attempt, from, to);
	return fetch(task, ask);
}

static struct payment_answer refund(struct task *task, const struct payment_ask *ask)
{
	struct db *db = books(task);

	if (ask->token != NULL && strcmp(ask->token, "sandbox_refund_fails") == 0)
		return (struct payment_answer){.word = PAYMENT_REFUND_REFUSED,
		                               .failure = "refund_fails"};
	if (!sql_sandbox_refund_add_rows(
	         db, sql_sandbox_refund_add(db, ask->refund, ask->attempt, ask->refund_amount),
	         NULL)
	         ->is_done)
		return (struct payment_answer){.word = PAYMENT_REFUND_REFUSED,
		                               .failure = "more_than_captured"};
	return (struct payment_answer){.word = PAYMENT_REFUNDED};
}

static struct payment_answer ask(struct task *task, const struct payment_settings *settings,
                                 const struct payment_ask *asked)
{
	(void)settings;
	switch (asked->act) {
	case PAYMENT_START:
		return start(task, asked);
	case PAYMENT_FETCH:
		return fetch(task, asked);
	case PAYMENT_CAPTURE:
		return move(task, asked, "authorised", "captured");
	case PAYMENT_CANCEL:
		return move(task, asked, "needs_action", "cancelled");
	case PAYMENT_REFUND:
	case PAYMENT_FETCH_REFUND:
		return refund(task, asked);
	}
	assert(!"an act");
	return (struct payment_answer){.word = PAYMENT_UNSENT};
}

/* What is said decides, as with Stripe's test cards. */
static void answer_bank(struct task *task, struct uuid id, const char *text)
{
	const char *state = strstr(text, "winning_evidence") != NULL  ? "won"
	                    : strstr(text, "losing_evidence") != NULL ? "lost"
	                                                              : "under_review";

	sql_sandbox_chargeback_answer(books(task), id, state);
}

static struct chargeback_answer chargeback(struct task *task,
                                           const struct payment_settings *settings,
                                           const char *reference,
                                           const struct chargeback_evidence *evidence)
{
	const struct sandbox_chargeback_read_row *row;
	struct uuid id;
	size_t count;
	char charge[UUID_TEXT_LENGTH + 1];

	(void)settings;
	if (!uuid_parse(reference, &id))
		return (struct chargeback_answer){.word = PAYMENT_ABSENT};
	if (evidence != NULL)
		answer_bank(task, id, evidence->text);
	row = sql_sandbox_chargeback_read_rows(
	    books(task), sql_sandbox_chargeback_read(books(task), id), &count);
	if (count == 0)
		return (struct chargeback_answer){.word = PAYMENT_ABSENT};
	uuid_format(row->charge_id, charge);
	return (struct chargeback_answer){
	    .word = PAYMENT_CAPTURED,
	    .state = row->state,
	    .payment = arena_strdup(task->arena, charge),
	    .amount = row->amount,
	    .fee = CHARGEBACK_FEE,
	    .reason = "fraudulent",
	    .respond_by_us = strcmp(row->state, "needs_response") == 0 ? row->respond_by : 0,
	};
}

const struct payment_provider SANDBOX = {
    .name = "sandbox",
    .can = PAYMENT_CAN_CANCEL | PAYMENT_TAKES_TOKENS,
    .offers = offers,
    .ask = ask,
    .chargeback = chargeback,
};
