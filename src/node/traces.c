#include "node/traces.h"

#include <assert.h>
#include <sodium.h>
#include <string.h>
#include <unistd.h>

#include "base/json.h"
#include "net/co.h"
#include "net/http_client.h"
#include "net/log.h"
#include "net/loop.h"
#include "net/spans.h"

enum {
	BATCH = 256, /* spans of one request, half a kilobyte each */
	PAUSE_MS = 1000,
	AGAIN_MS = 5000, /* after the receiver failed */
	SEND_MS = 5000,
	ENDING_MS = 50,        /* pause and last attempt of a process that ends */
	ENDING_SEND_MS = 2000, /* so it ends in time, whatever the receiver does */
	BYTES = 2 * 1024 * 1024,
	NS_PER_US = 1000,
};

static struct {
	const char *url; /* NULL: they are not sent */
	const char *process;
	struct co *sender; /* while it sleeps */
	bool ending, failed;
	uint64_t lost; /* of which the log has told */
} traces;

static void put_attribute(struct json *json, const char *key, const char *text)
{
	json_open_object(json);
	json_put_str(json, "key", key);
	json_key(json, "value");
	json_open_object(json);
	json_put_str(json, "stringValue", text);
	json_close_object(json);
	json_close_object(json);
}

static void put_number(struct json *json, const char *key, int64_t number)
{
	char text[24];

	snprintf(text, sizeof(text), "%lld", (long long)number);
	json_open_object(json);
	json_put_str(json, "key", key);
	json_key(json, "value");
	json_open_object(json);
	json_put_str(json, "intValue", text); /* 64 bits are a text in JSON of Protobuf */
	json_close_object(json);
	json_close_object(json);
}

static void put_hex(struct json *json, const char *key, const uint8_t *bytes, size_t count)
{
	char text[2 * TRACE_ID_BYTES + 1];

	assert(count <= TRACE_ID_BYTES);
	json_put_str(json, key, sodium_bin2hex(text, sizeof(text), bytes, count));
}

static void put_time(struct json *json, const char *key, int64_t time_us)
{
	char text[24];

	snprintf(text, sizeof(text), "%lld", (long long)(time_us * NS_PER_US));
	json_put_str(json, key, text);
}

/* Names of the semantic conventions. */
static void put_attributes(struct json *json, const struct span *span)
{
	json_key(json, "attributes");
	json_open_array(json);
	if (span->method != NULL)
		put_attribute(json, "http.request.method", span->method);
	if (span->status != 0)
		put_number(json, "http.response.status_code", span->status);
	if (span->system != NULL)
		put_attribute(json, "db.system.name", span->system);
	if (span->detail[0] != '\0')
		put_attribute(json, span->system != NULL ? "db.query.summary" : "server.address",
		              span->detail);
	if (span->error != NULL)
		put_attribute(json, "error.type", span->error);
	json_close_array(json);
}

static void put_span(struct json *json, const struct span *span)
{
	json_open_object(json);
	put_hex(json, "traceId", span->trace.id, sizeof(span->trace.id));
	put_hex(json, "spanId", span->trace.span, sizeof(span->trace.span));
	if (sodium_is_zero(span->trace.parent, sizeof(span->trace.parent)) == 0)
		put_hex(json, "parentSpanId", span->trace.parent, sizeof(span->trace.parent));
	json_put_str(json, "name", span->name);
	json_put_int(json, "kind", span->kind);
	put_time(json, "startTimeUnixNano", span->begin_us);
	put_time(json, "endTimeUnixNano", span->begin_us + span->duration_us);
	put_attributes(json, span);
	if (span->error != NULL) {
		json_key(json, "status");
		json_open_object(json);
		json_put_int(json, "code", 2); /* an error */
		json_close_object(json);
	}
	json_close_object(json);
}

static void put_resource(struct json *json)
{
	char host[64] = "";

	(void)gethostname(host, sizeof(host) - 1);
	json_key(json, "resource");
	json_open_object(json);
	json_key(json, "attributes");
	json_open_array(json);
	put_attribute(json, "service.name", "sebez");
	put_attribute(json, "service.version", SEBEZ_VERSION);
	put_attribute(json, "host.name", host);
	put_attribute(json, "process.title", traces.process);
	put_number(json, "process.pid", getpid());
	json_close_array(json);
	json_close_object(json);
}

static void put_all(struct json *json, size_t count)
{
	json_open_object(json);
	json_key(json, "resourceSpans");
	json_open_array(json);
	json_open_object(json);
	put_resource(json);
	json_key(json, "scopeSpans");
	json_open_array(json);
	json_open_object(json);
	json_key(json, "scope");
	json_open_object(json);
	json_put_str(json, "name", "sebez");
	json_close_object(json);
	json_key(json, "spans");
	json_open_array(json);
	for (size_t i = 0; i < count; i++)
		put_span(json, spans_at(i));
	json_close_array(json);
	json_close_object(json);
	json_close_array(json);
	json_close_object(json);
	json_close_array(json);
	json_close_object(json);
}

/* Whether the same request may be taken later. */
static bool is_passing(int rc, int status)
{
	return rc < 0 || status == 429 || status >= 500;
}

static void tell(int rc, int status, const char *error)
{
	uint64_t lost = spans_lost();

	if (rc == 0 && status / 100 == 2) {
		if (traces.failed)
			LOG_INFO("traces are taken again",
			         log_int("lost", (int64_t)(lost - traces.lost)));
		traces.lost = lost;
	} else if (!traces.failed) {
		LOG_WARNING("traces are not taken", log_int("status", status),
		            log_str("cause", error));
	}
	traces.failed = rc < 0 || status / 100 != 2;
}

/* The oldest that wait. New ones may come meanwhile, behind them. */
static void send_oldest(size_t count)
{
	static const struct http_header JSON = {"Content-Type", "application/json"};
	struct arena *arena = arena_new(BYTES, NULL, NULL);
	struct buf body = buf_new(arena, 64 * 1024);
	struct json json = json_new(&body);
	struct http_client_response response;

	put_all(&json, count);
	struct http_client_request request = {.method = "POST",
	                                      .url = traces.url,
	                                      .headers = &JSON,
	                                      .header_count = 1,
	                                      .body = body.data,
	                                      .body_length = body.length,
	                                      .trusted = true};
	int rc = http_client_send(
	    arena, &request, loop_now_ms() + (traces.ending ? ENDING_SEND_MS : SEND_MS), &response);

	tell(rc, response.status, response.error);
	if (rc == 0 && response.status / 100 == 2)
		spans_drop(count);
	else if (!is_passing(rc, response.status))
		spans_lose(count);
	arena_free(arena);
}

static void sleep_ms(int64_t duration_ms)
{
	int64_t deadline_ms = loop_now_ms() + duration_ms;

	assert(traces.sender == NULL);
	traces.sender = co_self();
	while (!traces.ending && co_wait(deadline_ms) == 0)
		;
	traces.sender = NULL;
}

static void send_forever(void *arg)
{
	(void)arg;
	for (;;) {
		size_t count = spans_count();

		if (count > 0)
			send_oldest(count < BATCH ? count : BATCH);
		if (traces.ending && traces.failed)
			return;
		if (traces.ending)
			co_sleep_ms(ENDING_MS);
		else if (traces.failed || count < BATCH)
			sleep_ms(traces.failed ? AGAIN_MS : PAUSE_MS);
	}
}

void traces_start(const struct config *config, const char *process)
{
	if (config->traces_url[0] == '\0')
		return;
	assert(traces.url == NULL);
	traces.url = config->traces_url;
	traces.process = process;
	spans_start((unsigned)config->traces_percent);
	int rc = co_start(send_forever, NULL);

	assert(rc == 0); /* one of the first fibers of the process */
}

void traces_drain(void)
{
	traces.ending = true;
	if (traces.sender != NULL)
		co_wake(traces.sender);
}

bool traces_wait(void)
{
	assert(traces.ending);
	return traces.url != NULL && spans_count() > 0 && !traces.failed;
}
