/*
 * push_case: what the tests of the providers of push messages share.
 */
#ifndef SEBEZ_TESTS_PUSH_CASE_H
#define SEBEZ_TESTS_PUSH_CASE_H

#include "unit.h"

#include <errno.h>
#include <jansson.h>

#include "base/codec.h"
#include "own_arena.h"
#include "shop/push/provider.h"

enum { NOW_S = 1796000000, HOUR_S = 3600, MINUTE_MS = 60 * 1000 };

#define ID "01902c3a-7b1e-7000-8000-00000000000a"
#define GROUP "01902c3a-7b1e-7000-8000-0000000000cc"
#define TOKEN "00fc13adff785122b4ad28809a3420982341241421348097878e577c991de8f0"
/* A browser's public point: of RFC 8291, appendix A. */
#define POINT                                                                                      \
	"BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"
#define FACTS                                                                                      \
	"\"id\":\"" ID                                                                             \
	"\",\"lane\":\"chat\",\"kind\":\"message_from_vendor\",\"link\":\"/conversations/1\""
#define DATA FACTS ",\"data\":{\"id\":\"a\",\"seq\":7}"

/* Files that include this use a part of it. */
#define PART __attribute__((unused))

static const struct apns_server APNS PART = {"https://apns.example", "com.example.shop", "pt"};
static const struct fcm_server FCM PART = {"https://fcm.example", "shop", "at", false};
static const struct expo_server EXPO PART = {"https://expo.example", NULL};

static struct push_request request PART;

PART static struct push message(enum push_platform platform, const char *address)
{
	struct push push = {
	    .device = {.platform = platform, .address = address},
	    .lane = PUSH_CHAT,
	    .expires_s = NOW_S + HOUR_S,
	    .group = GROUP,
	    .title = "Abebe",
	    .body = "When does \"it\" ship?",
	    .kind = "message_from_vendor",
	    .link = "/conversations/1",
	    .badge = 3,
	    .data = "{\"id\":\"a\",\"seq\":7}",
	};

	assert_true(uuid_parse(ID, &push.id));
	return push;
}

PART static const char *header(const char *name)
{
	for (size_t i = 0; i < request.header_count; i++) {
		if (strcmp(request.headers[i].name, name) == 0)
			return request.headers[i].value;
	}
	return "";
}

PART static void assert_request(const char *url, const char *body)
{
	assert_string_equal(request.url, url);
	assert_int_equal(request.body_length, strlen(body));
	assert_string_equal(request.body, body);
}

PART static struct http_client_response response_of(int status, const char *body)
{
	return (struct http_client_response){
	    .status = status, .body = body, .body_length = strlen(body), .heads = "", .error = ""};
}

PART static void assert_verdict(struct push_verdict verdict, enum push_outcome outcome,
                                int64_t delay_ms, const char *reason)
{
	if (verdict.outcome != outcome || verdict.delay_ms != delay_ms ||
	    strcmp(verdict.reason, reason) != 0)
		fail_msg("%s: outcome %d after %lld ms, not %d after %lld ms because of %s",
		         verdict.reason, verdict.outcome, (long long)verdict.delay_ms, outcome,
		         (long long)delay_ms, reason);
}

#endif
