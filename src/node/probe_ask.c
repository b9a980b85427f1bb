#include "node/probe_ask.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/co.h"
#include "net/http_client.h"
#include "net/loop.h"
#include "web/json_parse.h"

enum { HEADERS_MAX = 4, ATTEMPT_MS = 4000, AGAIN_MS = 200, SHOWN_BYTES = 200 };

bool probe_fail(struct probe *probe, const char *reason)
{
	assert(reason != NULL && reason[0] != '\0');
	(void)snprintf(probe->reason, sizeof(probe->reason), "%s", reason);
	return false;
}

static size_t add_headers(const struct probe *probe, const struct question *question,
                          const char *key, struct http_header ret[HEADERS_MAX])
{
	size_t count = 0;

	ret[count++] = (struct http_header){"User-Agent", "sebez-probe"};
	if (probe->token[0] != '\0')
		ret[count++] = (struct http_header){
		    "Authorization", arena_printf(probe->arena, "Bearer %s", probe->token)};
	if (question->body != NULL)
		ret[count++] = (struct http_header){"Content-Type", "application/json"};
	if (key != NULL)
		ret[count++] = (struct http_header){"Idempotency-Key", key};
	assert(count <= HEADERS_MAX);
	return count;
}

static int call(struct probe *probe, const struct question *question, const char *key,
                int64_t deadline_ms, struct http_client_response *ret)
{
	struct http_header headers[HEADERS_MAX];
	struct http_client_request request = {
	    .method = question->method,
	    .url = arena_printf(probe->arena, "%s%s", probe->options->url, question->path),
	    .headers = headers,
	    .header_count = add_headers(probe, question, key, headers),
	    .body = question->body,
	    .body_length = question->body != NULL ? strlen(question->body) : 0,
	    .trusted = true,
	};

	return http_client_send(probe->arena, &request, deadline_ms, ret);
}

static void release(void *json)
{
	json_decref(json);
}

/* NULL and a reason when it is not the answer that is expected. */
static const json_t *read_answer(struct probe *probe, const struct question *question, int rc,
                                 const struct http_client_response *response)
{
	json_t *json = NULL;

	if (rc < 0) {
		(void)probe_fail(probe,
		                 arena_printf(probe->arena, "%s %s is not answered: %s",
		                              question->method, question->path, response->error));
		return NULL;
	}
	if (response->status == question->expected && response->status == 204)
		json = json_true();
	else if (response->status == question->expected &&
	         json_depth_is_fine(response->body, response->body_length))
		json = json_loadb(response->body, response->body_length, 0, NULL);
	if (json == NULL) {
		(void)probe_fail(probe,
		                 arena_printf(probe->arena, "%s %s is answered with %d: %.*s",
		                              question->method, question->path, response->status,
		                              SHOWN_BYTES, response->body));
		return NULL;
	}
	arena_defer(probe->arena, release, json);
	return json;
}

const json_t *probe_ask(struct probe *probe, struct question question)
{
	struct http_client_response response;
	int rc = call(probe, &question, NULL, probe->deadline_ms, &response);

	return read_answer(probe, &question, rc, &response);
}

/* Whether the request may have had its effect, or have it yet: no answer came, that of a proxy
 * whose server gave none, or that the first one is still under way. */
static bool leaves_doubt(int rc, const struct http_client_response *response)
{
	return rc < 0 || response->status >= 500 ||
	       (response->status == 409 && strstr(response->body, "request_in_progress") != NULL);
}

const json_t *probe_ask_surely(struct probe *probe, struct question question)
{
	struct http_client_response response;
	char key[PROBE_ID_SIZE];
	int rc;

	uuid_format(uuid_v7(), key);
	for (;;) {
		int64_t attempt_ms = loop_now_ms() + ATTEMPT_MS;

		rc = call(probe, &question, key,
		          attempt_ms < probe->deadline_ms ? attempt_ms : probe->deadline_ms,
		          &response);
		probe->is_in_doubt = leaves_doubt(rc, &response);
		if (!probe->is_in_doubt || loop_now_ms() + AGAIN_MS >= probe->deadline_ms)
			return read_answer(probe, &question, rc, &response);
		co_sleep_ms(AGAIN_MS);
	}
}

const char *probe_text(struct probe *probe, const json_t *json, const char *path)
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
		(void)probe_fail(probe, arena_printf(probe->arena, "the answer has no %s", path));
		return NULL;
	}
	return json_string_value(json);
}

bool probe_take(struct probe *probe, const json_t *json, const char *path, char *ret, size_t size)
{
	const char *text = probe_text(probe, json, path);

	if (text == NULL)
		return false;
	if (strlen(text) >= size)
		return probe_fail(probe, arena_printf(probe->arena, "%s is too long", path));
	(void)snprintf(ret, size, "%s", text);
	return true;
}

bool probe_take_id(struct probe *probe, const json_t *json, const char *path,
                   char ret[PROBE_ID_SIZE])
{
	const char *text = probe_text(probe, json, path);
	struct uuid id;

	if (text == NULL)
		return false;
	if (!uuid_parse(text, &id))
		return probe_fail(probe, arena_printf(probe->arena, "%s is no id", path));
	uuid_format(id, ret);
	return true;
}
