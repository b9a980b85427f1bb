/* Refusals that somebody must know of. Whoever registers a device chooses its address, so a refusal
 * may be caused by anybody: none is logged more often than hourly, and it is an error only when a
 * setting of ours seems to be wrong. */
#include <assert.h>
#include <string.h>

#include "net/log.h"
#include "net/loop.h"
#include "shop/push/sender.h"

enum { HOUR_MS = 60 * 60 * 1000 };

const char *const PUSH_PROVIDERS[PUSH_PROVIDER_COUNT] = {
    [PUSH_FCM] = "fcm", [PUSH_APNS] = "apns", [PUSH_WEB] = "webpush", [PUSH_EXPO] = "expo"};

/* Of the loop; 0: never. */
static int64_t succeeded_ms[PUSH_PROVIDER_COUNT];
static int64_t told_ms[PUSH_PROVIDER_COUNT][PUSH_OUTCOME_COUNT];

static bool is_recent(int64_t at_ms)
{
	return at_ms != 0 && loop_now_ms() - at_ms < HOUR_MS;
}

bool push_is_named(const struct sending *sending)
{
	return sending->provider != PUSH_WEB ||
	       strcmp(sending->delivery->destination, "webpush") != 0;
}

void push_note_success(const struct sending *sending)
{
	if (push_is_named(sending))
		succeeded_ms[sending->provider] = loop_now_ms();
}

bool push_has_succeeded(enum push_provider provider)
{
	assert(provider < PUSH_PROVIDER_COUNT);
	return is_recent(succeeded_ms[provider]);
}

void push_log_refusal(enum push_provider provider, bool is_named,
                      const struct push_verdict *verdict)
{
	bool is_ours =
	    verdict->outcome == PUSH_ALARM ||
	    (verdict->outcome == PUSH_FOREIGN && is_named && !push_has_succeeded(provider));
	/* A warning must not keep back the error that comes after it. */
	int64_t *told = &told_ms[provider][is_ours ? PUSH_ALARM : verdict->outcome];

	assert(provider < PUSH_PROVIDER_COUNT && verdict->reason != NULL);
	if (is_recent(*told))
		return;
	*told = loop_now_ms();
	if (is_ours)
		LOG_ERROR("push messages are refused because of a setting",
		          log_str("provider", PUSH_PROVIDERS[provider]),
		          log_str("reason", verdict->reason));
	else
		LOG_WARNING("a push message is refused",
		            log_str("provider", PUSH_PROVIDERS[provider]),
		            log_str("reason", verdict->reason));
}
