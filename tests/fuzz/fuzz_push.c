/*
 * Any bytes as the answer of a provider of push messages: the first one picks the status, a line
 * the value of Retry-After, and the rest is the body. Whatever it is, each verdict is one of those
 * that there are, its delay has a bound, its reason is a word, and no answer that is not about an
 * address takes one away.
 */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "shop/push/provider.h"

enum { NOW_S = 1796000000, DAY_MS = 86400 * 1000, COUNT = 3 };

static const int STATUSES[] = {200, 201, 400, 401, 403, 404, 410, 413, 429, 500, 503};
static const char WORD[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_- ";

static void check(bool good)
{
	if (!good)
		abort();
}

static void check_verdict(const struct push_verdict *verdict)
{
	check(verdict->outcome >= PUSH_SENT && verdict->outcome < PUSH_OUTCOME_COUNT);
	check(verdict->delay_ms >= 0 && verdict->delay_ms <= DAY_MS);
	check(verdict->delay_ms == 0 || verdict->outcome == PUSH_RETRY ||
	      verdict->outcome == PUSH_PROVIDER_FAILED);
	check(verdict->gone_since_ms >= 0);
	check(verdict->reason != NULL && verdict->reason[0] != 0 && strlen(verdict->reason) <= 64 &&
	      strspn(verdict->reason, WORD) == strlen(verdict->reason));
	check(verdict->receipt == NULL ||
	      (verdict->receipt[0] != 0 &&
	       strspn(verdict->receipt, WORD) == strlen(verdict->receipt)));
}

static void judge_all(struct arena *arena, const struct http_client_response *response)
{
	static const char *const RECEIPTS[COUNT] = {"a", "b", "c"};
	struct push_verdict verdicts[COUNT], verdict;
	struct fcm_account account;
	const char *text = NULL;
	int64_t lifetime_s = 0;

	verdict = fcm_judge(arena, response, NOW_S);
	check_verdict(&verdict);
	check((verdict.outcome == PUSH_SENT) == (response->status < 300));
	verdict = apns_judge(arena, response, NOW_S);
	check_verdict(&verdict);
	check((verdict.outcome == PUSH_SENT) == (response->status < 300) ||
	      response->status == 201);
	verdict = web_push_judge(arena, response, NOW_S);
	check_verdict(&verdict);
	check((verdict.outcome == PUSH_ADDRESS_GONE) ==
	      (response->status == 404 || response->status == 410));
	expo_judge(arena, response, COUNT, NOW_S, verdicts);
	for (int i = 0; i < COUNT; i++)
		check_verdict(&verdicts[i]);
	expo_judge_receipts(arena, response, RECEIPTS, COUNT, NOW_S, verdicts);
	for (int i = 0; i < COUNT; i++)
		check_verdict(&verdicts[i]);
	verdict = fcm_token_judge(arena, response, NOW_S, &text, &lifetime_s);
	check_verdict(&verdict);
	check((text != NULL) == (verdict.outcome == PUSH_SENT));
	check(text == NULL || (strpbrk(text, "\r\n ") == NULL && lifetime_s > 0));
	if (!fcm_account_read(arena, response->body, response->body_length, &account, &text))
		check(text != NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new(64 * 1024 * 1024, NULL, NULL);
	const char *text = size > 0 ? (const char *)data + 1 : "";
	size_t length = size > 0 ? size - 1 : 0;
	const char *line_end = memchr(text, '\n', length);
	size_t line = line_end != NULL ? (size_t)(line_end - text) : 0;
	size_t body = line_end != NULL ? line + 1 : 0;
	char *heads = arena_alloc(arena, 12 + line + 1);
	char *bytes = arena_alloc(arena, length - body + 1);
	struct http_client_response response = {
	    .status = STATUSES[size > 0 ? data[0] % (sizeof(STATUSES) / sizeof(STATUSES[0])) : 0],
	    .body = bytes,
	    .body_length = length - body,
	    .heads = heads,
	    .error = "",
	};

	memcpy(bytes, text + body, length - body);
	memcpy(heads, "Retry-After", 12);
	memcpy(heads + 12, text, line);
	response.heads_length = 12 + strlen(heads + 12) + 1;
	judge_all(arena, &response);
	arena_free(arena);
	return 0;
}
