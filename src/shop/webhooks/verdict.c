/* What became of a call of a webhook. */
#include <assert.h>
#include <errno.h>

#include "shop/webhooks/internal.h"

static const char *error_of(int result)
{
	switch (result) {
	case -EACCES:
	case -EINVAL:
		return "refused_address";
	case -EHOSTUNREACH:
		return "unknown_host";
	case -ECONNREFUSED:
		return "connection_refused";
	case -EKEYREJECTED:
		return "bad_certificate";
	case -ETIMEDOUT:
		return "timed_out";
	case -ECONNRESET:
		return "connection_lost";
	case -EMSGSIZE:
	case -EPROTO:
		return "bad_response";
	default: /* we have too many calls under way, or stop */
		return "not_sent";
	}
}

static bool is_down(int status)
{
	return status >= 500 || status == 429 || status == 408;
}

struct webhook_verdict webhook_judge(int result, const struct http_client_response *response,
                                     int64_t now_s)
{
	struct webhook_verdict verdict = {.outcome = WEBHOOK_RETRY};
	int64_t asked_ms;

	if (result < 0) {
		bool is_ours = result == -EAGAIN || result == -ECANCELED || result == -ENOMEM;

		verdict.error = error_of(result);
		verdict.outcome = is_ours ? WEBHOOK_UNSENT : WEBHOOK_UNREACHABLE;
		return verdict;
	}
	assert(response->status >= 100);
	if (response->status >= 200 && response->status < 300) {
		verdict.outcome = WEBHOOK_DELIVERED;
		return verdict;
	}
	if (response->status == 410) {
		verdict.outcome = WEBHOOK_GONE;
		return verdict;
	}
	if (is_down(response->status))
		verdict.outcome = WEBHOOK_UNREACHABLE;
	asked_ms = http_client_retry_after_ms(response, now_s);
	verdict.delay_ms = asked_ms > 0 ? asked_ms : 0;
	return verdict;
}
