/*
 * stripe: PaymentIntents, which the app confirms with Stripe's own kit. Requests are forms, of
 * which each that changes something has an idempotency key of ours. https://docs.stripe.com/api
 */
#include <assert.h>
#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/form.h"
#include "base/money.h"
#include "shop/payments/stripe.h"
#include "shop/payments/webhook.h"

/* What the answers are like is fixed by it. */
static const char VERSION[] = "2024-06-20";

enum { TOLERANCE_S = 300, HEX_LENGTH = 64 };

int64_t stripe_factor(const char *currency)
{
	return strcmp(currency, "ISK") == 0 || strcmp(currency, "UGX") == 0 ? 100 : 1;
}

/* Of currencies with three decimals it takes tens only, which orders need not be; of MGA, which has
 * two here, none. */
static bool offers(const struct payment_settings *settings, const char *currency)
{
	return settings->stripe_secret_key[0] != 0 && currency_exponent(currency) < 3 &&
	       strcmp(currency, "MGA") != 0;
}

static const char *id_of(struct arena *arena, struct uuid id)
{
	char text[UUID_TEXT_LENGTH + 1];

	uuid_format(id, text);
	return arena_strdup(arena, text);
}

struct payment_reply stripe_call(struct task *task, const struct payment_settings *settings,
                                 const char *path, const struct buf *form, const char *key)
{
	struct payment_call call = {
	    .method = form != NULL ? "POST" : "GET",
	    .url = arena_printf(task->arena, "%s%s", settings->stripe_url, path),
	    .authorization = arena_printf(task->arena, "Bearer %s", settings->stripe_secret_key),
	    .content_type = form != NULL ? "application/x-www-form-urlencoded" : NULL,
	    .body = form,
	    .more = {{"Stripe-Version", VERSION}},
	};

	assert((form != NULL) == (key != NULL));
	if (key != NULL)
		call.more[1] = (struct http_header){"Idempotency-Key", key};
	return payment_call(task, &call);
}

static bool is(const struct payment_reply *reply, const char *path, const char *text)
{
	return strcmp(reply_text_at(reply, path), text) == 0;
}

static const char *action_of(struct arena *arena, const char *client_secret)
{
	struct buf buf = buf_new(arena, 256);
	struct json json = json_new(&buf);

	json_open_object(&json);
	json_put_str(&json, "kind", "confirm");
	json_put_str(&json, "client_secret", client_secret);
	json_close_object(&json);
	return buf.data;
}

static enum payment_word word_of(const char *status)
{
	if (strcmp(status, "succeeded") == 0)
		return PAYMENT_CAPTURED;
	if (strcmp(status, "requires_capture") == 0)
		return PAYMENT_AUTHORISED;
	if (strcmp(status, "canceled") == 0)
		return PAYMENT_CANCELLED;
	if (strncmp(status, "requires_", 9) == 0)
		return PAYMENT_NEEDS_ACTION;
	return PAYMENT_PROCESSING;
}

static bool has_amount(const struct payment_reply *reply, const struct payment_ask *ask)
{
	const json_t *amount = json_object_get(reply->json, "amount_received");
	const char *currency = reply_text_at(reply, "currency");

	return json_is_integer(amount) && strcasecmp(currency, ask->currency) == 0 &&
	       json_integer_value(amount) == ask->amount * stripe_factor(ask->currency);
}

/* What an intent, or an error, says. */
static struct payment_answer read_intent(struct arena *arena, const struct payment_reply *reply,
                                         const struct payment_ask *ask)
{
	const char *secret = reply_text_at(reply, "client_secret");
	struct payment_answer answer = {.word = word_of(reply_text_at(reply, "status"))};

	if (reply->problem != PAYMENT_WORD_COUNT)
		return (struct payment_answer){.word = reply->problem};
	if (reply->status == 404)
		return (struct payment_answer){.word = PAYMENT_ABSENT};
	if (reply->status >= 400)
		return (struct payment_answer){.word = PAYMENT_MISTAKE,
		                               .failure = reply_text_at(reply, "error.message")};
	answer.reference = reply_text_at(reply, "id");
	if (answer.word == PAYMENT_CAPTURED && !has_amount(reply, ask)) {
		answer.word = PAYMENT_MISTAKE; /* another sum was paid: for a person */
		answer.failure = "another_amount";
	} else if (answer.word == PAYMENT_NEEDS_ACTION && secret[0] != 0) {
		answer.action = action_of(arena, secret);
	} else if (answer.word == PAYMENT_CANCELLED) {
		answer.failure = reply_text_at(reply, "cancellation_reason");
	}
	return answer;
}

/* Also to learn what became of it when its answer was lost: with the same key it is the same one.
 */
static struct payment_answer start(struct task *task, const struct payment_settings *settings,
                                   const struct payment_ask *ask)
{
	struct arena *arena = task->arena;
	struct buf form = buf_new(arena, 512);
	const char *id = id_of(arena, ask->attempt);
	char currency[4] = {0};
	struct payment_reply reply;

	for (int i = 0; i < 3; i++)
		currency[i] = (char)tolower((unsigned char)ask->currency[i]);
	form_put(&form, "amount",
	         arena_printf(arena, "%" PRId64, ask->amount * stripe_factor(ask->currency)));
	form_put(&form, "currency", currency);
	form_put(&form, "automatic_payment_methods[enabled]", "true");
	form_put(&form, "description", ask->order_number);
	form_put(&form, "metadata[attempt_id]", id);
	reply = stripe_call(task, settings, "/v1/payment_intents", &form, id);
	return read_intent(arena, &reply, ask);
}

/* When the answer to the first request was lost, it is asked for again, to learn the id. */
static struct payment_answer fetch(struct task *task, const struct payment_settings *settings,
                                   const struct payment_ask *ask)
{
	const char *reference = ask->reference;
	struct payment_reply reply;

	if (reference == NULL) {
		struct payment_answer first = start(task, settings, ask);

		if (first.reference == NULL)
			return first;
		reference = first.reference;
	}
	reply =
	    stripe_call(task, settings,
	                arena_printf(task->arena, "/v1/payment_intents/%s", reference), NULL, NULL);
	return read_intent(task->arena, &reply, ask);
}

/* verb: capture, cancel. Where its state does not allow it, what the state is. */
static struct payment_answer move(struct task *task, const struct payment_settings *settings,
                                  const struct payment_ask *ask, const char *verb)
{
	struct arena *arena = task->arena;
	struct buf form = buf_new(arena, 128);
	struct payment_reply reply;

	if (ask->reference == NULL)
		return fetch(task, settings, ask);
	if (strcmp(verb, "cancel") == 0)
		form_put(&form, "cancellation_reason", "abandoned");
	else
		form_put(&form, "metadata[attempt_id]", id_of(arena, ask->attempt));
	reply = stripe_call(task, settings,
	                    arena_printf(arena, "/v1/payment_intents/%s/%s", ask->reference, verb),
	                    &form, arena_printf(arena, "%s-%s", verb, id_of(arena, ask->attempt)));
	if (reply.problem == PAYMENT_WORD_COUNT && reply.status == 400)
		return fetch(task, settings, ask);
	return read_intent(arena, &reply, ask);
}

static struct payment_answer read_refund(const struct payment_reply *reply)
{
	struct payment_answer answer = {.word = PAYMENT_REFUND_PENDING};

	if (reply->problem != PAYMENT_WORD_COUNT)
		return (struct payment_answer){.word = reply->problem};
	if (reply->status >= 400)
		return (struct payment_answer){.word = PAYMENT_REFUND_REFUSED,
		                               .failure = reply_text_at(reply, "error.code")};
	answer.reference = reply_text_at(reply, "id");
	if (is(reply, "status", "succeeded")) {
		answer.word = PAYMENT_REFUNDED;
	} else if (is(reply, "status", "failed") || is(reply, "status", "canceled")) {
		answer.word = PAYMENT_REFUND_REFUSED;
		answer.failure = reply_text_at(reply, "failure_reason");
	}
	return answer;
}

/* The refund of this id among those of its payment, when it may have been made: Stripe forgets
 * idempotency keys after a day. *found false: there is none. */
static struct payment_answer find_refund(struct task *task, const struct payment_settings *settings,
                                         const struct payment_ask *ask, const char *id, bool *found)
{
	struct payment_reply reply = stripe_call(
	    task, settings,
	    arena_printf(task->arena, "/v1/refunds?payment_intent=%s&limit=100", ask->reference),
	    NULL, NULL);
	const json_t *all = reply.json != NULL ? json_object_get(reply.json, "data") : NULL;

	*found = true;
	if (reply.problem != PAYMENT_WORD_COUNT)
		return (struct payment_answer){.word = reply.problem};
	if (reply.status >= 400 || !json_is_array(all))
		return (struct payment_answer){.word = PAYMENT_UNANSWERED};
	for (size_t i = 0; i < json_array_size(all); i++) {
		const struct payment_reply one = {.problem = PAYMENT_WORD_COUNT,
		                                  .status = reply.status,
		                                  .json = json_array_get(all, i)};

		if (is(&one, "metadata.refund_id", id))
			return read_refund(&one);
	}
	*found = false;
	return (struct payment_answer){.word = PAYMENT_UNANSWERED};
}

static struct payment_answer refund(struct task *task, const struct payment_settings *settings,
                                    const struct payment_ask *ask)
{
	struct arena *arena = task->arena;
	struct buf form = buf_new(arena, 256);
	const char *id = id_of(arena, ask->refund);
	struct payment_reply reply;

	assert(ask->reference != NULL); /* it was captured, so its intent is known */
	if (ask->is_doubtful) {
		bool found;
		struct payment_answer earlier = find_refund(task, settings, ask, id, &found);

		if (found)
			return earlier;
	}
	form_put(&form, "payment_intent", ask->reference);
	form_put(
	    &form, "amount",
	    arena_printf(arena, "%" PRId64, ask->refund_amount * stripe_factor(ask->currency)));
	form_put(&form, "metadata[refund_id]", id);
	reply = stripe_call(task, settings, "/v1/refunds", &form, id);
	return read_refund(&reply);
}

static struct payment_answer fetch_refund(struct task *task,
                                          const struct payment_settings *settings,
                                          const struct payment_ask *ask)
{
	struct payment_reply reply = stripe_call(
	    task, settings, arena_printf(task->arena, "/v1/refunds/%s", ask->refund_reference),
	    NULL, NULL);

	if (reply.problem == PAYMENT_WORD_COUNT && reply.status >= 400) /* says nothing of it */
		return (struct payment_answer){.word = PAYMENT_MISTAKE,
		                               .failure = reply_text_at(&reply, "error.message")};
	return read_refund(&reply);
}

static struct payment_answer ask(struct task *task, const struct payment_settings *settings,
                                 const struct payment_ask *asked)
{
	switch (asked->act) {
	case PAYMENT_START:
		return start(task, settings, asked);
	case PAYMENT_FETCH:
		return fetch(task, settings, asked);
	case PAYMENT_CAPTURE:
		return move(task, settings, asked, "capture");
	case PAYMENT_CANCEL:
		return move(task, settings, asked, "cancel");
	case PAYMENT_REFUND:
		return refund(task, settings, asked);
	case PAYMENT_FETCH_REFUND:
		return fetch_refund(task, settings, asked);
	}
	assert(!"an act");
	return (struct payment_answer){.word = PAYMENT_UNSENT};
}

/* Stripe-Signature: t=…,v1=…[,v1=…], of "t.body"; older than five minutes, it is a repetition. */
static bool verify(const struct payment_settings *settings, const struct webhook_in *webhook)
{
	struct arena *arena = webhook->rq->task.arena;
	const char *header = webhook_header(webhook, "Stripe-Signature");
	const char *before = NULL;
	bool is_signed = false;

	for (; header != NULL && *header != 0; header += strspn(header, ", ")) {
		size_t length = strcspn(header, ",");

		if (strncmp(header, "t=", 2) == 0) {
			int64_t at_s = strtoll(header + 2, NULL, 10);

			if (at_s < webhook->now_s - TOLERANCE_S ||
			    at_s > webhook->now_s + TOLERANCE_S)
				return false;
			before = arena_printf(arena, "%.*s.", (int)length - 2, header + 2);
		} else if (strncmp(header, "v1=", 3) == 0 && before != NULL &&
		           length == 3 + HEX_LENGTH) {
			is_signed |=
			    webhook_is_signed(webhook, settings->stripe_webhook_secrets, before,
			                      arena_strndup(arena, header + 3, HEX_LENGTH));
		}
		header += length;
	}
	return is_signed;
}

static struct webhook_subject subject(const json_t *json)
{
	const char *type = json_string_value(json_object_get(json, "type"));
	const json_t *object = json_object_get(json_object_get(json, "data"), "object");
	const json_t *ours = json_object_get(object, "metadata");
	bool is_dispute = type != NULL && strncmp(type, "charge.dispute.", 15) == 0;

	return (struct webhook_subject){
	    .attempt = json_string_value(json_object_get(ours, "attempt_id")),
	    .refund = json_string_value(json_object_get(ours, "refund_id")),
	    .chargeback = is_dispute ? json_string_value(json_object_get(object, "id")) : NULL,
	};
}

const struct payment_provider STRIPE = {
    .name = "stripe",
    .can = PAYMENT_CAN_CANCEL,
    .offers = offers,
    .ask = ask,
    .verify = verify,
    .subject = subject,
    .chargeback = stripe_chargeback,
};
