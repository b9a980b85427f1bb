#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "shop/push/internal.h"
#include "web/json_parse.h"

enum {
	CODE_BYTES_MAX = 64,
	RATE_DELAY_MS = 60 * 1000, /* too many requests, and no word about when */
};

bool push_succeeded(const struct http_client_response *response)
{
	return response->status >= 200 && response->status < 300;
}

/* What a status means of which the provider says no more. */
static struct push_rule rule_of_status(int status)
{
	if (status >= 200 && status < 300)
		return (struct push_rule){NULL, PUSH_SENT, 0};
	if (status == 429)
		return (struct push_rule){NULL, PUSH_RETRY, RATE_DELAY_MS};
	if (status >= 500)
		return (struct push_rule){NULL, PUSH_PROVIDER_FAILED, 0};
	if (status == 408)
		return (struct push_rule){NULL, PUSH_RETRY, 0};
	if (status == 401 || status == 403)
		return (struct push_rule){NULL, PUSH_ALARM, 0};
	return (struct push_rule){NULL, PUSH_DROPPED, 0};
}

static bool may_come_later(enum push_outcome outcome)
{
	return outcome == PUSH_RETRY || outcome == PUSH_PROVIDER_FAILED;
}

struct push_verdict push_verdict_of(struct arena *arena, const struct push_rule rules[],
                                    const char *code, const struct http_client_response *response,
                                    int64_t now_s)
{
	struct push_rule rule = rule_of_status(response->status);
	int64_t asked_ms = http_client_retry_after_ms(response, now_s);

	for (size_t i = 0; code != NULL && rules[i].code != NULL; i++) {
		if (strcmp(rules[i].code, code) == 0) {
			rule = rules[i];
			break;
		}
	}
	return (struct push_verdict){
	    .outcome = rule.outcome,
	    .delay_ms = !may_come_later(rule.outcome) ? 0
	                : asked_ms >= 0               ? asked_ms
	                                              : rule.delay_ms,
	    .reason = code != NULL ? arena_strdup(arena, code)
	                           : arena_printf(arena, "status %d", response->status),
	};
}

struct push_verdict push_unanswered(int result, bool is_ours)
{
	switch (result) {
	case -EAGAIN: /* we have too many calls under way, or stop */
	case -ECANCELED:
	case -ENOMEM:
		return (struct push_verdict){.outcome = PUSH_NOT_SENT, .reason = "not sent"};
	case -EINVAL: /* it is no URL, or leads into our network */
	case -EACCES:
		return (struct push_verdict){.outcome = is_ours ? PUSH_ALARM : PUSH_DROPPED,
		                             .reason = "bad URL"};
	case -EHOSTUNREACH: /* a browser's service that is not there says nothing about others */
		return (struct push_verdict){.outcome = is_ours ? PUSH_PROVIDER_FAILED : PUSH_RETRY,
		                             .reason = "unknown host"};
	case -EKEYREJECTED:
		return (struct push_verdict){.outcome = PUSH_PROVIDER_FAILED,
		                             .reason = "certificate refused"};
	default:
		return (struct push_verdict){.outcome = PUSH_PROVIDER_FAILED,
		                             .is_in_doubt = result != -ECONNREFUSED,
		                             .reason = result == -ETIMEDOUT ? "no answer in time"
		                                                            : "no answer"};
	}
}

static void release_json(void *json)
{
	json_decref(json);
}

json_t *push_json(struct arena *arena, const struct http_client_response *response)
{
	json_t *json = NULL;

	if (json_depth_is_fine(response->body, response->body_length))
		json = json_loadb(response->body, response->body_length, 0, NULL);
	if (json != NULL)
		arena_defer(arena, release_json, json);
	return json;
}

/* Codes are words: anything else is not worth keeping, and could be somebody's text. */
const char *push_json_code(struct arena *arena, const json_t *value)
{
	const char *text = json_string_value(value);
	size_t length = text == NULL ? 0
	                             : strspn(text, "abcdefghijklmnopqrstuvwxyz"
	                                            "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");

	if (length == 0 || length > CODE_BYTES_MAX || text[length] != 0)
		return NULL;
	return arena_strdup(arena, text);
}
