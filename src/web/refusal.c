#include "web/refusal.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/uuid.h"
#include "net/log.h"
#include "task/problem.h"
#include "web/origin.h"
#include "web/request_context.h"

static const struct http_header COMMON[] = {
    {"Content-Type", "application/problem+json"},
    {"Content-Language", "en"},
    {"Cache-Control", "no-store"},
    {"X-Content-Type-Options", "nosniff"},
};

enum { COMMON_COUNT = sizeof(COMMON) / sizeof(COMMON[0]) };

void refusal_overloaded(struct http_exchange *ex, unsigned origin)
{
	static const char BODY[] =
	    "{\"type\":\"/problems/overloaded\",\"title\":\"Server overloaded\","
	    "\"status\":503,"
	    "\"detail\":\"Too many requests at once; try again.\",\"code\":\"overloaded\","
	    "\"request_id\":\"\"}";
	struct http_header headers[COMMON_COUNT + 1 + ORIGIN_HEADERS];
	char seconds[16];
	size_t count = COMMON_COUNT;

	memcpy(headers, COMMON, sizeof(COMMON));
	snprintf(seconds, sizeof(seconds), "%d", request_retry_after_s());
	headers[count++] = (struct http_header){"Retry-After", seconds};
	count += origin_headers(origin, headers + count);
	http_reply(ex, 503, count, headers, BODY, sizeof(BODY) - 1);
}

static const struct problem_code *code_of(int status)
{
	switch (status) {
	case 414:
		return PROBLEM_URI_TOO_LONG;
	case 431:
		return PROBLEM_HEAD_TOO_LARGE;
	default:
		return PROBLEM_INVALID;
	}
}

void refusal_unreadable(int status, const char *why, struct http_answer *ret)
{
	const struct problem_code *code = code_of(status);

	_Static_assert(sizeof(ret->value) > UUID_TEXT_LENGTH, "the request's id");
	uuid_format(uuid_v7(), ret->value);
	ret->status = code->status;
	memcpy(ret->headers, COMMON, sizeof(COMMON));
	ret->headers[COMMON_COUNT] = (struct http_header){"X-Request-Id", ret->value};
	_Static_assert(sizeof(ret->headers) / sizeof(ret->headers[0]) > COMMON_COUNT,
	               "one more follows the common ones");
	ret->header_count = COMMON_COUNT + 1;
	ret->body_length = (size_t)snprintf(
	    ret->body, sizeof(ret->body),
	    "{\"type\":\"/problems/%s\",\"title\":\"%s\",\"status\":%d,\"detail\":\"%s\","
	    "\"code\":\"%s\",\"request_id\":\"%s\"}",
	    code->name, code->title, code->status, why, code->name, ret->value);
	assert(ret->body_length < sizeof(ret->body));
	LOG_DEBUG("unreadable", log_str("request_id", ret->value), log_int("status", status),
	          log_str("problem", why));
}
