#include "node/probe_steps.h"

#include <assert.h>
#include <inttypes.h>
#include <jansson.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "net/co.h"
#include "net/http_client.h"
#include "net/loop.h"
#include "web/json_parse.h"

enum { HEADERS_MAX = 4, EVENTS_WAIT_S = 5, MAIL_POLL_MS = 200, SHOWN_BYTES = 200 };

#define ADDRESS                                                                                    \
	"\"shipping_address\":{\"name\":\"Synthetic check\",\"line1\":\"1 Test Street\","          \
	"\"city\":\"London\",\"postal_code\":\"SW1Y 4JH\",\"country\":\"GB\"}"

struct question {
	const char *method, *path;
	const char *body; /* NULL: none */
	const char *key;  /* Idempotency-Key; NULL: none */
	int expected;
};

static bool fail(struct probe *probe, const char *reason)
{
	assert(reason != NULL);
	probe->reason = reason;
	return false;
}

static size_t add_headers(const struct probe *probe, const struct question *question,
                          struct http_header ret[HEADERS_MAX])
{
	size_t count = 0;

	ret[count++] = (struct http_header){"User-Agent", "sebez-probe"};
	if (probe->token != NULL)
		ret[count++] = (struct http_header){
		    "Authorization", arena_printf(probe->arena, "Bearer %s", probe->token)};
	if (question->body != NULL)
		ret[count++] = (struct http_header){"Content-Type", "application/json"};
	if (question->key != NULL)
		ret[count++] = (struct http_header){"Idempotency-Key", question->key};
	assert(count <= HEADERS_MAX);
	return count;
}

static void release(void *json)
{
	json_decref(json);
}

/* The answer's JSON, as long as the arena; NULL when it is not the one that is expected. */
static const json_t *ask(struct probe *probe, struct question question)
{
	struct http_header headers[HEADERS_MAX];
	struct http_client_request request = {
	    .method = question.method,
	    .url = arena_printf(probe->arena, "%s%s", probe->options->url, question.path),
	    .headers = headers,
	    .header_count = add_headers(probe, &question, headers),
	    .body = question.body,
	    .body_length = question.body != NULL ? strlen(question.body) : 0,
	    .trusted = true,
	};
	struct http_client_response response;
	json_t *json = NULL;

	if (http_client_send(probe->arena, &request, probe->deadline_ms, &response) < 0) {
		(void)fail(probe, arena_printf(probe->arena, "%s", response.error));
		return NULL;
	}
	if (response.status == question.expected && response.status == 204)
		json = json_true();
	else if (response.status == question.expected &&
	         json_depth_is_fine(response.body, response.body_length))
		json = json_loadb(response.body, response.body_length, 0, NULL);
	if (json == NULL) {
		(void)fail(probe, arena_printf(probe->arena, "%s %s is answered with %d: %.*s",
		                               question.method, question.path, response.status,
		                               SHOWN_BYTES, response.body));
		return NULL;
	}
	arena_defer(probe->arena, release, json);
	return json;
}

/* The text at a path of keys and indexes such as items.0.id; NULL and a reason when there is none.
 */
static const char *text_at(struct probe *probe, const json_t *json, const char *path)
{
	char key[32];

	for (const char *at = path; json != NULL && *at != '\0';) {
		size_t length = strcspn(at, ".");

		assert(length < sizeof(key));
		(void)snprintf(key, sizeof(key), "%.*s", (int)length, at);
		json = json_is_array(json) ? json_array_get(json, strtoul(key, NULL, 10))
		                           : json_object_get(json, key);
		at += length + (at[length] == '.');
	}
	if (!json_is_string(json)) {
		(void)fail(probe, arena_printf(probe->arena, "the answer has no %s", path));
		return NULL;
	}
	return json_string_value(json);
}

/* The same, of an id. */
static bool take_id(struct probe *probe, const json_t *json, const char *path,
                    char ret[PROBE_ID_SIZE])
{
	const char *text = text_at(probe, json, path);
	struct uuid id;

	if (text == NULL)
		return false;
	if (!uuid_parse(text, &id))
		return fail(probe, arena_printf(probe->arena, "%s is no id", path));
	uuid_format(id, ret);
	return true;
}

static bool step_ready(struct probe *probe)
{
	return ask(probe, (struct question){"GET", "/readyz", NULL, NULL, 200}) != NULL;
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
	probe->token = json != NULL ? text_at(probe, json, "access_token") : NULL;
	return probe->token != NULL;
}

/* The code of the mail that a demo shows; NULL when it has not come yet. */
static const char *shown_code(struct probe *probe, const char *registration)
{
	const json_t *mails = ask(probe, (struct question){"GET", "/dev/mail", NULL, NULL, 200});
	const json_t *list = json_object_get(mails, "mails");
	const char *before = arena_printf(probe->arena, "/registrations/%s/", registration);

	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *mail = json_array_get(list, i);
		const char *to = json_string_value(json_object_get(mail, "to"));
		char id[PROBE_ID_SIZE];

		if (to == NULL || strcmp(to, probe->email) != 0 || !take_id(probe, mail, "id", id))
			continue;
		const json_t *whole = ask(
		    probe, (struct question){"GET", arena_printf(probe->arena, "/dev/mail/%s", id),
		                             NULL, NULL, 200});
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
	const json_t *begun = ask(
	    probe, (struct question){"POST", "/v1/auth/register",
	                             credentials(probe, password, "Synthetic check"), NULL, 202});

	if (begun == NULL || !take_id(probe, begun, "registration_id", registration))
		return false;
	while ((code = shown_code(probe, registration)) == NULL) {
		if (loop_now_ms() > probe->deadline_ms)
			return fail(probe, "the mail with the code is not shown at /dev/mail: "
			                   "name an account by --email");
		co_sleep_ms(MAIL_POLL_MS);
	}
	const char *body = arena_printf(
	    probe->arena, "{\"registration_id\":\"%s\",\"code\":\"%s\"}", registration, code);

	return sign_in(probe, ask(probe, (struct question){"POST", "/v1/auth/register/confirm",
	                                                   body, NULL, 201}));
}

static bool step_sign_in(struct probe *probe)
{
	if (probe->options->email == NULL)
		return make_account(probe);
	(void)snprintf(probe->email, sizeof(probe->email), "%s", probe->options->email);
	return sign_in(
	    probe,
	    ask(probe, (struct question){"POST", "/v1/auth/login",
	                                 credentials(probe, probe->password, NULL), NULL, 200}));
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
	const json_t *found = ask(
	    probe, (struct question){
	               "GET",
	               arena_printf(probe->arena, "/v1/products?in_stock=true&limit=1%s%s",
	                            vendor != NULL ? "&vendor=" : "", vendor != NULL ? vendor : ""),
	               NULL, NULL, 200});

	if (found != NULL && json_array_size(json_object_get(found, "items")) == 0)
		return fail(probe, "there is no product in stock");
	if (found == NULL || !take_id(probe, found, "items.0.id", id) ||
	    !take_id(probe, found, "items.0.vendor.id", probe->vendor))
		return false;
	const json_t *product =
	    ask(probe, (struct question){"GET", arena_printf(probe->arena, "/v1/products/%s", id),
	                                 NULL, NULL, 200});
	const json_t *variants = json_object_get(product, "variants");

	for (size_t i = 0; i < json_array_size(variants); i++)
		if (can_be_bought(json_array_get(variants, i)))
			return take_id(probe, json_array_get(variants, i), "id", probe->variant);
	return product != NULL ? fail(probe, "the product has no variant in stock") : false;
}

/* The cursor of before the order, so that its events come after it. */
static bool step_sync(struct probe *probe)
{
	const json_t *state = ask(probe, (struct question){"GET", "/v1/sync", NULL, NULL, 200});

	probe->cursor = state != NULL ? text_at(probe, state, "cursor") : NULL;
	return probe->cursor != NULL;
}

static bool step_cart(struct probe *probe)
{
	return ask(probe,
	           (struct question){
	               "PUT", arena_printf(probe->arena, "/v1/cart/lines/%s", probe->variant),
	               "{\"quantity\":1}", NULL, 200}) != NULL;
}

static bool step_order(struct probe *probe)
{
	char key[PROBE_ID_SIZE];
	const json_t *quote =
	    ask(probe, (struct question){"POST", "/v1/cart/quote", "{" ADDRESS "}", NULL, 200});

	if (quote == NULL)
		return false;
	char *total = json_dumps(json_object_get(quote, "total"), JSON_COMPACT);

	if (total == NULL)
		return fail(probe, "the quote has no total");
	const char *body = arena_printf(probe->arena,
	                                "{\"quote_total\":%s,\"payment\":{\"method\":"
	                                "\"cash_on_delivery\"}," ADDRESS "}",
	                                total);

	free(total);
	uuid_format(uuid_v7(), key);
	const json_t *order = ask(probe, (struct question){"POST", "/v1/orders", body, key, 201});

	return order != NULL && take_id(probe, order, "id", probe->order);
}

static bool step_message(struct probe *probe)
{
	char client_id[PROBE_ID_SIZE];
	const json_t *conversation = ask(
	    probe,
	    (struct question){"POST", "/v1/conversations",
	                      arena_printf(probe->arena, "{\"vendor_id\":\"%s\"}", probe->vendor),
	                      NULL, 200});

	if (conversation == NULL || !take_id(probe, conversation, "id", probe->conversation))
		return false;
	uuid_format(uuid_v7(), client_id);
	const json_t *message = ask(
	    probe,
	    (struct question){
	        "POST",
	        arena_printf(probe->arena, "/v1/conversations/%s/messages", probe->conversation),
	        arena_printf(probe->arena, "{\"client_id\":\"%s\",\"text\":\"Synthetic check\"}",
	                     client_id),
	        NULL, 201});

	return message != NULL && take_id(probe, message, "id", probe->message);
}

static bool tells_of(const json_t *events, const char *id)
{
	char *text = json_dumps(json_object_get(events, "items"), JSON_COMPACT);
	bool found = text != NULL && strstr(text, id) != NULL;

	free(text);
	return found;
}

/* By long polls, as an app hears of it. */
static bool step_events(struct probe *probe)
{
	bool has_order = false, has_message = false;

	while (!has_order || !has_message) {
		const json_t *events =
		    ask(probe,
		        (struct question){"GET",
		                          arena_printf(probe->arena, "/v1/events?after=%s&wait=%d",
		                                       probe->cursor, EVENTS_WAIT_S),
		                          NULL, NULL, 200});

		if (events == NULL)
			return false;
		has_order |= tells_of(events, probe->order);
		has_message |= tells_of(events, probe->message);
		probe->cursor = text_at(probe, events, "cursor");
		if (probe->cursor == NULL)
			return false;
	}
	return true;
}

static bool has_order(const struct probe *probe)
{
	return probe->order[0] != '\0';
}

static bool step_cancel(struct probe *probe)
{
	return ask(probe,
	           (struct question){
	               "POST", arena_printf(probe->arena, "/v1/orders/%s/cancel", probe->order),
	               "{\"reason\":\"Synthetic check\"}", NULL, 200}) != NULL;
}

static bool is_signed_in(const struct probe *probe)
{
	return probe->token != NULL;
}

static bool step_sign_out(struct probe *probe)
{
	return ask(probe, (struct question){"POST", "/v1/auth/logout", "{}", NULL, 204}) != NULL;
}

const struct probe_step PROBE_STEPS[] = {
    {"ready", step_ready, NULL},        {"sign_in", step_sign_in, NULL},
    {"browse", step_browse, NULL},      {"sync", step_sync, NULL},
    {"cart", step_cart, NULL},          {"order", step_order, NULL},
    {"message", step_message, NULL},    {"events", step_events, NULL},
    {"cancel", step_cancel, has_order}, {"sign_out", step_sign_out, is_signed_in},
};
const size_t PROBE_STEP_COUNT = sizeof(PROBE_STEPS) / sizeof(PROBE_STEPS[0]);
