#include "shop/payments/http.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <string.h>

#include "base/limits.h"
#include "base/money.h"
#include "net/loop.h"
#include "web/json_parse.h"

enum { ANSWER_BYTES = 64 * 1024, HEADERS_MAX = 4 };

static void free_json(void *json)
{
	json_decref(json);
}

/* An object, or NULL. */
static const json_t *parse(struct task *task, const struct http_client_response *response)
{
	json_t *json = NULL;

	if (json_depth_is_fine(response->body, response->body_length))
		json = json_loadb(response->body, response->body_length, 0, NULL);
	if (json == NULL)
		return NULL;
	arena_defer(task->arena, free_json, json);
	return json_is_object(json) ? json : NULL;
}

/* What an error of the call means: whether the request may have arrived. */
static enum payment_word meaning(int rc)
{
	switch (rc) {
	case -EAGAIN:
	case -ECANCELED:
	case -ENOMEM:
	case -EINVAL:
	case -EHOSTUNREACH:
	case -ECONNREFUSED:
	case -EKEYREJECTED:
		return PAYMENT_UNSENT;
	default:
		return PAYMENT_UNANSWERED;
	}
}

struct payment_reply payment_call(struct task *task, const struct payment_call *call)
{
	struct http_header headers[HEADERS_MAX] = {{"Authorization", call->authorization}};
	size_t count = 1;

	if (call->body != NULL)
		headers[count++] = (struct http_header){"Content-Type", call->content_type};
	for (size_t i = 0; i < 2 && call->more[i].name != NULL; i++)
		headers[count++] = call->more[i];
	const struct http_client_request request = {
	    .method = call->method,
	    .url = call->url,
	    .headers = headers,
	    .header_count = count,
	    .body = call->body != NULL ? call->body->data : NULL,
	    .body_length = call->body != NULL ? call->body->length : 0,
	    .body_max = ANSWER_BYTES,
	    .trusted = true,
	};
	int64_t deadline_ms = loop_now_ms() + LIMIT_DELIVERY_ATTEMPT_MS;
	struct http_client_response response;
	int rc;

	assert((call->body != NULL) == (call->content_type != NULL));
	if (deadline_ms > task->deadline_ms)
		deadline_ms = task->deadline_ms;
	rc = http_client_send(task->arena, &request, deadline_ms, &response);
	if (rc < 0)
		return (struct payment_reply){.problem = meaning(rc)};
	struct payment_reply reply = {
	    .problem = PAYMENT_WORD_COUNT,
	    .status = response.status,
	    .json = parse(task, &response),
	};

	if (response.status >= 500 || response.status == 408 || response.status == 409 ||
	    response.status == 429 || reply.json == NULL)
		reply.problem = PAYMENT_UNANSWERED;
	else if (response.status == 401 || response.status == 403)
		reply.problem = PAYMENT_MISTAKE;
	return reply;
}

static const json_t *value_at(const struct payment_reply *reply, const char *path)
{
	const json_t *json = reply->json;

	while (json != NULL && *path != 0) {
		size_t length = strcspn(path, ".");

		json = json_object_getn(json, path, length);
		path += length + (path[length] == '.');
	}
	return json;
}

const char *reply_text_at(const struct payment_reply *reply, const char *path)
{
	const char *text = json_string_value(value_at(reply, path));

	return text != NULL ? text : "";
}

const char *major_units(struct arena *arena, int64_t amount, const char *currency)
{
	char text[32];

	assert(amount > 0);
	money_format_decimal(amount, currency, text);
	return arena_strdup(arena, text);
}

bool reply_has_amount(const struct payment_reply *reply, const char *path, int64_t amount,
                      const char *currency)
{
	const json_t *json = value_at(reply, path);
	double scale = pow(10, currency_exponent(currency));
	int64_t read;

	if (json_is_string(json))
		return money_parse_decimal(json_string_value(json), currency, &read) &&
		       read == amount;
	return json_is_number(json) && fabs(json_number_value(json) * scale - (double)amount) < 0.5;
}
