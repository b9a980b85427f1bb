/*
 * chapa: a gateway for Ethiopian mobile money, banks and cards. Customers pay on its page; what its
 * verification says of our tx_ref, the attempt's id, is the truth. https://developer.chapa.co
 */
#include <assert.h>
#include <inttypes.h>
#include <sodium.h>
#include <string.h>

#include "base/codec.h"
#include "base/form.h"
#include "shop/payments/http.h"
#include "shop/payments/webhook.h"

static bool offers(const struct payment_settings *settings, const char *currency)
{
	return settings->chapa_secret_key[0] != 0 &&
	       (strcmp(currency, "ETB") == 0 || strcmp(currency, "USD") == 0);
}

static const char *id_of(struct arena *arena, struct uuid id)
{
	char text[UUID_TEXT_LENGTH + 1];

	uuid_format(id, text);
	return arena_strdup(arena, text);
}

static struct payment_reply call(struct task *task, const struct payment_settings *settings,
                                 const char *method, const char *path, const struct buf *body,
                                 const char *content_type)
{
	return payment_call(
	    task,
	    &(struct payment_call){
	        .method = method,
	        .url = arena_printf(task->arena, "%s%s", settings->chapa_url, path),
	        .authorization = arena_printf(task->arena, "Bearer %s", settings->chapa_secret_key),
	        .content_type = content_type,
	        .body = body,
	    });
}

static bool is_status(const struct payment_reply *reply, const char *path, const char *status)
{
	return strcmp(reply_text_at(reply, path), status) == 0;
}

/* What it is told of a transaction. It asks for no more of the customer than it needs itself. */
static struct buf body_of(struct arena *arena, const struct payment_ask *ask)
{
	struct buf body = buf_new(arena, 512);
	struct json json = json_new(&body);

	json_open_object(&json);
	json_put_str(&json, "amount", major_units(arena, ask->amount, ask->currency));
	json_put_str(&json, "currency", ask->currency);
	json_put_str(&json, "tx_ref", id_of(arena, ask->attempt));
	if (ask->return_url != NULL)
		json_put_str(&json, "return_url", ask->return_url);
	json_key(&json, "customization");
	json_open_object(&json);
	json_put_str(&json, "title", ask->order_number);
	json_close_object(&json);
	json_close_object(&json);
	return body;
}

static const char *action_of(struct arena *arena, const char *url)
{
	struct buf buf = buf_new(arena, 256);
	struct json json = json_new(&buf);

	json_open_object(&json);
	json_put_str(&json, "kind", "redirect");
	json_put_str(&json, "url", url);
	json_close_object(&json);
	return buf.data;
}

static struct payment_answer start(struct task *task, const struct payment_settings *settings,
                                   const struct payment_ask *ask)
{
	struct buf body = body_of(task->arena, ask);
	struct payment_reply reply =
	    call(task, settings, "POST", "/v1/transaction/initialize", &body, "application/json");
	const char *url = reply_text_at(&reply, "data.checkout_url");

	if (reply.problem != PAYMENT_WORD_COUNT)
		return (struct payment_answer){.word = reply.problem};
	if (is_status(&reply, "status", "success") && strncmp(url, "http", 4) == 0)
		return (struct payment_answer){.word = PAYMENT_NEEDS_ACTION,
		                               .action = action_of(task->arena, url)};
	/* Also when the tx_ref was used before: then nobody has the page that belongs to it. */
	return (struct payment_answer){.word = PAYMENT_MISTAKE,
	                               .failure = reply_text_at(&reply, "message")};
}

/* Without data the status is "failed" when it knows no such transaction, and null, or the text,
 * when nobody has paid it yet. */
static struct payment_answer fetch(struct task *task, const struct payment_settings *settings,
                                   const struct payment_ask *ask)
{
	const char *path = arena_printf(task->arena, "/v1/transaction/verify/%s",
	                                id_of(task->arena, ask->attempt));
	struct payment_reply reply = call(task, settings, "GET", path, NULL, NULL);
	struct payment_answer answer = {.word = PAYMENT_PROCESSING};

	if (reply.problem != PAYMENT_WORD_COUNT)
		return (struct payment_answer){.word = reply.problem};
	if (!json_is_object(json_object_get(reply.json, "data"))) {
		answer.word =
		    is_status(&reply, "status", "failed") ? PAYMENT_ABSENT : PAYMENT_NEEDS_ACTION;
		return answer;
	}
	if (reply_text_at(&reply, "data.reference")[0] != 0)
		answer.reference = reply_text_at(&reply, "data.reference");
	if (is_status(&reply, "data.status", "success"))
		answer.word = reply_has_amount(&reply, "data.amount", ask->amount, ask->currency) &&
		                      is_status(&reply, "data.currency", ask->currency)
		                  ? PAYMENT_CAPTURED
		                  : PAYMENT_MISTAKE; /* another sum was paid: for a person */
	else if (strncmp(reply_text_at(&reply, "data.status"), "failed", 6) == 0)
		answer.word = PAYMENT_FAILED;
	if (answer.word == PAYMENT_MISTAKE || answer.word == PAYMENT_FAILED)
		answer.failure = answer.word == PAYMENT_FAILED ? "declined" : "another_amount";
	return answer;
}

static enum payment_word refund_word(const struct payment_reply *reply)
{
	const char *status = reply_text_at(reply, "data.status");

	if (strcmp(status, "refunded") == 0 || strcmp(status, "success") == 0)
		return PAYMENT_REFUNDED;
	if (strcmp(status, "failed") == 0 || strcmp(status, "reversed") == 0)
		return PAYMENT_REFUND_REFUSED;
	return PAYMENT_REFUND_PENDING;
}

static struct payment_answer refund_answer(const struct payment_reply *reply)
{
	const char *reference = reply_text_at(reply, "data.ref_id");

	if (reply->problem != PAYMENT_WORD_COUNT)
		return (struct payment_answer){.word = reply->problem};
	if (!is_status(reply, "status", "success"))
		return (struct payment_answer){.word = PAYMENT_REFUND_REFUSED,
		                               .failure = reply_text_at(reply, "message")};
	if (reference[0] == 0)
		reference = reply_text_at(reply, "data.ref");
	return (struct payment_answer){
	    .word = refund_word(reply),
	    .reference = reference[0] != 0 ? reference : NULL,
	};
}

static struct payment_answer refund(struct task *task, const struct payment_settings *settings,
                                    const struct payment_ask *ask)
{
	struct arena *arena = task->arena;
	struct buf form = buf_new(arena, 256);
	struct payment_reply reply;
	struct payment_answer answer;

	form_put(&form, "amount", major_units(arena, ask->refund_amount, ask->currency));
	form_put(&form, "reason", ask->order_number);
	form_put(&form, "reference", id_of(arena, ask->refund)); /* unique: it refunds once */
	reply =
	    call(task, settings, "POST",
	         arena_printf(arena, "/v1/refund/%s",
	                      ask->reference != NULL ? ask->reference : id_of(arena, ask->attempt)),
	         &form, "application/x-www-form-urlencoded");
	answer = refund_answer(&reply);
	/* It may refuse the repetition of a refund that it made. */
	if (answer.word == PAYMENT_REFUND_REFUSED && ask->is_doubtful)
		answer.word = PAYMENT_UNANSWERED;
	return answer;
}

static struct payment_answer fetch_refund(struct task *task,
                                          const struct payment_settings *settings,
                                          const struct payment_ask *ask)
{
	struct payment_reply reply = call(
	    task, settings, "GET",
	    arena_printf(task->arena, "/v1/refund/%s/verify", ask->refund_reference), NULL, NULL);

	return refund_answer(&reply);
}

static struct payment_answer ask(struct task *task, const struct payment_settings *settings,
                                 const struct payment_ask *asked)
{
	switch (asked->act) {
	case PAYMENT_START:
		return start(task, settings, asked);
	case PAYMENT_REFUND:
		return refund(task, settings, asked);
	case PAYMENT_FETCH_REFUND:
		return fetch_refund(task, settings, asked);
	case PAYMENT_FETCH:
	case PAYMENT_CAPTURE: /* it captures by itself, and cancels nothing */
	case PAYMENT_CANCEL:
		break;
	}
	return fetch(task, settings, asked);
}

/* x-chapa-signature is of the body; another header has a signature of the secret alone. */
static bool verify(const struct payment_settings *settings, const struct webhook_in *webhook)
{
	return webhook_is_signed(webhook, settings->chapa_webhook_secrets, "",
	                         webhook_header(webhook, "x-chapa-signature"));
}

static struct webhook_subject subject(const json_t *json)
{
	return (struct webhook_subject){
	    .attempt = json_string_value(json_object_get(json, "tx_ref")),
	};
}

const struct payment_provider CHAPA = {
    .name = "chapa",
    .offers = offers,
    .ask = ask,
    .verify = verify,
    .subject = subject,
};
