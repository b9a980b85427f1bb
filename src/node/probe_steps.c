#include "node/probe_steps.h"

#include <assert.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "net/co.h"
#include "net/loop.h"
#include "node/probe_ask.h"

enum {
	EVENTS_WAIT_S = 5,
	EMPTY_PAUSE_MS = 200, /* at least, after a page of events that is empty */
	MAIL_POLL_MS = 200,
	LEFT_MAX = 20,                /* orders of earlier runs that are cancelled at once */
	POLL_BYTES = 4 * 1024 * 1024, /* of the arena of a poll, which has a page of events */
};

#define NAME "Synthetic check"
#define ADDRESS                                                                                    \
	"\"shipping_address\":{\"name\":\"" NAME "\",\"line1\":\"1 Test Street\","                 \
	"\"city\":\"London\",\"postal_code\":\"SW1Y 4JH\",\"country\":\"GB\"}"

static bool step_ready(struct probe *probe)
{
	return probe_ask(probe, (struct question){"GET", "/readyz", NULL, 200}) != NULL;
}

static const char *credentials(struct probe *probe, const char *password, const char *name)
{
	struct buf body = buf_new(probe->arena, 1024);
	struct json json = json_new(&body);

	json_open_object(&json);
	json_put_str(&json, "email", probe->email);
	json_put_str(&json, "password", password);
	if (name != NULL)
		json_put_str(&json, "name", name);
	json_close_object(&json);
	return arena_strndup(probe->arena, body.data, body.length);
}

static bool sign_in(struct probe *probe, const json_t *json)
{
	return json != NULL &&
	       probe_take(probe, json, "access_token", probe->token, sizeof(probe->token));
}

/* The code of the mail that a demo shows; NULL when it has not come yet. */
static const char *shown_code(struct probe *probe, const char *registration)
{
	const json_t *mails = probe_ask(probe, (struct question){"GET", "/dev/mail", NULL, 200});
	const json_t *list = json_object_get(mails, "mails");
	const char *before = arena_printf(probe->arena, "/registrations/%s/", registration);

	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *mail = json_array_get(list, i);
		const char *to = json_string_value(json_object_get(mail, "to"));
		char id[PROBE_ID_SIZE];

		if (to == NULL || strcmp(to, probe->email) != 0 ||
		    !probe_take_id(probe, mail, "id", id))
			continue;
		const json_t *whole = probe_ask(
		    probe, (struct question){"GET", arena_printf(probe->arena, "/dev/mail/%s", id),
		                             NULL, 200});
		const char *text = json_string_value(json_object_get(whole, "text"));
		const char *at = text != NULL ? strstr(text, before) : NULL;

		if (at != NULL && strspn(at + strlen(before), "0123456789") == 6)
			return arena_strndup(probe->arena, at + strlen(before), 6);
	}
	return NULL;
}

static bool make_account(struct probe *probe)
{
	char registration[PROBE_ID_SIZE], password[PROBE_ID_SIZE];
	const char *code;

	uuid_format(uuid_v7(), registration);
	(void)snprintf(probe->email, sizeof(probe->email), "probe-%s@example.com", registration);
	uuid_format(uuid_v7(), password);
	const json_t *begun =
	    probe_ask(probe, (struct question){"POST", "/v1/auth/register",
	                                       credentials(probe, password, NAME), 202});

	if (begun == NULL || !probe_take_id(probe, begun, "registration_id", registration))
		return false;
	while ((code = shown_code(probe, registration)) == NULL) {
		if (loop_now_ms() > probe->deadline_ms)
			return probe_fail(probe,
			                  "the mail with the code is not shown at /dev/mail: "
			                  "name an account by --email");
		co_sleep_ms(MAIL_POLL_MS);
	}
	const char *body = arena_printf(
	    probe->arena, "{\"registration_id\":\"%s\",\"code\":\"%s\"}", registration, code);

	return sign_in(
	    probe,
	    probe_ask(probe, (struct question){"POST", "/v1/auth/register/confirm", body, 201}));
}

static bool step_sign_in(struct probe *probe)
{
	if (probe->options->email == NULL)
		return make_account(probe);
	(void)snprintf(probe->email, sizeof(probe->email), "%s", probe->options->email);
	return sign_in(
	    probe,
	    probe_ask(probe, (struct question){"POST", "/v1/auth/login",
	                                       credentials(probe, probe->password, NULL), 200}));
}

static bool cancel(struct probe *probe, const char *order)
{
	return probe_ask_surely(
	           probe, (struct question){
	                      "POST", arena_printf(probe->arena, "/v1/orders/%s/cancel", order),
	                      "{\"reason\":\"" NAME "\"}", 200}) != NULL;
}

/* Whether a probe has placed it, and not who owns the account. */
static bool is_of_probe(const json_t *order)
{
	const json_t *address = json_object_get(order, "shipping_address");
	const char *name = json_string_value(json_object_get(address, "name"));

	return name != NULL && strcmp(name, NAME) == 0;
}

/* Orders of probes whose answer, or whose cancellation, was lost. */
static bool cancel_left(struct probe *probe)
{
	const json_t *orders = probe_ask(
	    probe,
	    (struct question){
	        "GET", arena_printf(probe->arena, "/v1/orders?status=placed&limit=%d", LEFT_MAX),
	        NULL, 200});
	const json_t *list = json_object_get(orders, "items");

	for (size_t i = 0; i < json_array_size(list); i++) {
		char id[PROBE_ID_SIZE];

		if (!probe_take_id(probe, json_array_get(list, i), "id", id))
			return false;
		const json_t *order = probe_ask(
		    probe, (struct question){"GET", arena_printf(probe->arena, "/v1/orders/%s", id),
		                             NULL, 200});

		if (order == NULL || (is_of_probe(order) && !cancel(probe, id)))
			return false;
	}
	return orders != NULL;
}

/* What an earlier run has left, when it failed: orders, and lines that may not be sold any more. */
static bool step_clear(struct probe *probe)
{
	return cancel_left(probe) &&
	       probe_ask(probe, (struct question){"DELETE", "/v1/cart", NULL, 204}) != NULL;
}

static bool can_be_bought(const json_t *variant)
{
	return json_is_true(json_object_get(variant, "backorder")) ||
	       !json_is_integer(json_object_get(variant, "available")) ||
	       json_integer_value(json_object_get(variant, "available")) > 0;
}

static bool step_browse(struct probe *probe)
{
	const char *vendor = probe->options->vendor;
	char id[PROBE_ID_SIZE];
	const json_t *found = probe_ask(
	    probe, (struct question){
	               "GET",
	               arena_printf(probe->arena, "/v1/products?in_stock=true&limit=1%s%s",
	                            vendor != NULL ? "&vendor=" : "", vendor != NULL ? vendor : ""),
	               NULL, 200});

	if (found != NULL && json_array_size(json_object_get(found, "items")) == 0)
		return probe_fail(probe, "there is no product in stock");
	if (found == NULL || !probe_take_id(probe, found, "items.0.id", id) ||
	    !probe_take_id(probe, found, "items.0.vendor.id", probe->vendor))
		return false;
	const json_t *product = probe_ask(
	    probe,
	    (struct question){"GET", arena_printf(probe->arena, "/v1/products/%s", id), NULL, 200});
	const json_t *variants = json_object_get(product, "variants");

	for (size_t i = 0; i < json_array_size(variants); i++)
		if (can_be_bought(json_array_get(variants, i)))
			return probe_take_id(probe, json_array_get(variants, i), "id",
			                     probe->variant);
	return product != NULL ? probe_fail(probe, "the product has no variant in stock") : false;
}

static bool take_cursor(struct probe *probe, const json_t *json)
{
	return probe_take(probe, json, "cursor", probe->cursor, sizeof(probe->cursor));
}

/* The cursor of before the order, so that its events come after it. */
static bool step_sync(struct probe *probe)
{
	const json_t *state = probe_ask(probe, (struct question){"GET", "/v1/sync", NULL, 200});

	return state != NULL && take_cursor(probe, state);
}

static bool step_cart(struct probe *probe)
{
	return probe_ask(probe,
	                 (struct question){
	                     "PUT", arena_printf(probe->arena, "/v1/cart/lines/%s", probe->variant),
	                     "{\"quantity\":1}", 200}) != NULL;
}

static bool step_order(struct probe *probe)
{
	const json_t *quote =
	    probe_ask(probe, (struct question){"POST", "/v1/cart/quote", "{" ADDRESS "}", 200});

	if (quote == NULL)
		return false;
	char *total = json_dumps(json_object_get(quote, "total"), JSON_COMPACT);

	if (total == NULL)
		return probe_fail(probe, "the quote has no total");
	const char *body = arena_printf(probe->arena,
	                                "{\"quote_total\":%s,\"payment\":{\"method\":"
	                                "\"cash_on_delivery\"}," ADDRESS "}",
	                                total);

	free(total);
	probe->may_have_ordered = true;
	const json_t *order =
	    probe_ask_surely(probe, (struct question){"POST", "/v1/orders", body, 201});

	probe->may_have_ordered = order != NULL || probe->is_in_doubt;
	return order != NULL && probe_take_id(probe, order, "id", probe->order);
}

static bool step_message(struct probe *probe)
{
	char client_id[PROBE_ID_SIZE];
	const json_t *conversation = probe_ask(
	    probe, (struct question){
	               "POST", "/v1/conversations",
	               arena_printf(probe->arena, "{\"vendor_id\":\"%s\"}", probe->vendor), 200});

	if (conversation == NULL || !probe_take_id(probe, conversation, "id", probe->conversation))
		return false;
	uuid_format(uuid_v7(), client_id);
	const json_t *message = probe_ask(
	    probe,
	    (struct question){
	        "POST",
	        arena_printf(probe->arena, "/v1/conversations/%s/messages", probe->conversation),
	        arena_printf(probe->arena, "{\"client_id\":\"%s\",\"text\":\"" NAME "\"}",
	                     client_id),
	        201});

	return message != NULL && probe_take_id(probe, message, "id", probe->message);
}

static bool tells_of(const json_t *events, const char *id)
{
	char *text = json_dumps(json_object_get(events, "items"), JSON_COMPACT);
	bool found = text != NULL && strstr(text, id) != NULL;

	free(text);
	return found;
}

struct heard {
	bool order, message;
};

/* A long poll, as of an app. How long to wait before the next one; negative: it failed. */
static int64_t poll(struct probe *probe, struct heard *heard)
{
	const json_t *events = probe_ask(
	    probe, (struct question){"GET",
	                             arena_printf(probe->arena, "/v1/events?after=%s&wait=%d",
	                                          probe->cursor, EVENTS_WAIT_S),
	                             NULL, 200});

	if (events == NULL || !take_cursor(probe, events))
		return -1;
	int64_t pause_ms = json_integer_value(json_object_get(events, "next_poll_ms"));
	int64_t least_ms =
	    json_array_size(json_object_get(events, "items")) == 0 ? EMPTY_PAUSE_MS : 0;

	heard->order |= tells_of(events, probe->order);
	heard->message |= tells_of(events, probe->message);
	return pause_ms > least_ms ? pause_ms : least_ms;
}

/* Each poll has memory of its own, however many there are. */
static bool step_events(struct probe *probe)
{
	struct arena *of_step = probe->arena;
	struct heard heard = {0};

	for (;;) {
		probe->arena = arena_new(POLL_BYTES, NULL, NULL);
		int64_t pause_ms = poll(probe, &heard);

		arena_free(probe->arena);
		probe->arena = of_step;
		if (pause_ms < 0)
			return false;
		if (heard.order && heard.message)
			return true;
		if (pause_ms > probe->deadline_ms - loop_now_ms())
			return probe_fail(probe, heard.order
			                             ? "no event tells of the message in time"
			                             : "no event tells of the order in time");
		co_sleep_ms(pause_ms);
	}
}

static bool may_have_ordered(const struct probe *probe)
{
	return probe->may_have_ordered;
}

static bool step_cancel(struct probe *probe)
{
	return probe->order[0] != '\0' ? cancel(probe, probe->order) : cancel_left(probe);
}

static bool is_signed_in(const struct probe *probe)
{
	return probe->token[0] != '\0';
}

static bool step_sign_out(struct probe *probe)
{
	return probe_ask(probe, (struct question){"POST", "/v1/auth/logout", "{}", 204}) != NULL;
}

const struct probe_step PROBE_STEPS[] = {
    {"ready", step_ready, NULL},
    {"sign_in", step_sign_in, NULL},
    {"clear", step_clear, NULL},
    {"browse", step_browse, NULL},
    {"sync", step_sync, NULL},
    {"cart", step_cart, NULL},
    {"order", step_order, NULL},
    {"message", step_message, NULL},
    {"events", step_events, NULL},
    {"cancel", step_cancel, may_have_ordered},
    {"sign_out", step_sign_out, is_signed_in},
};
const size_t PROBE_STEP_COUNT = sizeof(PROBE_STEPS) / sizeof(PROBE_STEPS[0]);
