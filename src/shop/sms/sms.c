#include "shop/sms/sms.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "base/phone.h"
#include "shop/sms/provider.h"

enum { ANSWER_BYTES = 16 * 1024, RATE_DELAY_MS = 60 * 1000 };

const char *const SMS_PROVIDER_NAMES[SMS_PROVIDER_COUNT] = {
    [SMS_NOBODY] = "nobody", [SMS_TWILIO] = "twilio", [SMS_GATEWAY] = "gateway"};

const char *const SMS_OUTCOME_NAMES[SMS_OUTCOME_COUNT] = {
    [SMS_SENT] = "sent",
    [SMS_RETRY] = "retry",
    [SMS_PROVIDER_FAILED] = "provider failed",
    [SMS_NUMBER_REFUSED] = "number refused",
    [SMS_ALARM] = "provider refuses us",
};

/* Routes: words "+251=gateway" and "*=twilio". */

static bool is_set(const struct sms_settings *settings, enum sms_provider provider)
{
	return provider == SMS_NOBODY ||
	       (provider == SMS_TWILIO ? settings->twilio_account_sid : settings->gateway_url)[0] !=
	           '\0';
}

/* Reads one route and moves *routes behind it. False: it is none. */
static bool read_route(const char **routes, const char **ret_prefix, size_t *ret_length,
                       enum sms_provider *ret)
{
	const char *word = *routes;
	size_t length = strcspn(word, " "), prefix = strcspn(word, "= ");

	*routes = word + length + strspn(word + length, " ");
	*ret_prefix = word;
	*ret_length = word[0] == '*' ? 0 : prefix;
	if (prefix == length || prefix == 0)
		return false;
	if (word[0] == '*' ? prefix != 1
	                   : word[0] != '+' || strspn(word + 1, "0123456789") != prefix - 1)
		return false;
	for (int i = 0; i < SMS_PROVIDER_COUNT; i++) {
		const char *name = SMS_PROVIDER_NAMES[i];

		*ret = (enum sms_provider)i;
		if (strlen(name) == length - prefix - 1 &&
		    strncmp(word + prefix + 1, name, strlen(name)) == 0)
			return true;
	}
	return false;
}

enum sms_provider sms_route(const struct sms_settings *settings, const char *phone)
{
	const char *routes = settings->routes, *prefix;
	enum sms_provider best = SMS_NOBODY, provider;
	size_t length, best_length = 0;
	bool found = false;

	assert(phone_is_form(phone));
	if (routes[0] == '\0')
		return is_set(settings, SMS_TWILIO)    ? SMS_TWILIO
		       : is_set(settings, SMS_GATEWAY) ? SMS_GATEWAY
		       : sms_show_is_on(settings)      ? SMS_SHOWN
		                                       : SMS_NOBODY;
	while (*routes != '\0') {
		if (!read_route(&routes, &prefix, &length, &provider))
			continue; /* sms_settings_mistake() refuses it */
		if (strncmp(phone, prefix, length) == 0 && (!found || length > best_length)) {
			best = provider;
			best_length = length;
			found = true;
		}
	}
	return best;
}

static const char *mistake_of_routes(const struct sms_settings *settings)
{
	const char *routes = settings->routes, *prefix;
	enum sms_provider provider;
	size_t length;

	while (*routes != '\0') {
		if (!read_route(&routes, &prefix, &length, &provider))
			return "SMS_ROUTES must be words like +251=gateway and *=twilio with "
			       "blanks "
			       "between; nobody is a provider, too";
		if (!is_set(settings, provider))
			return provider == SMS_TWILIO
			           ? "SMS_ROUTES names twilio, so TWILIO_ACCOUNT_SID must be set"
			           : "SMS_ROUTES names gateway, so SMS_GATEWAY_URL must be set";
	}
	if (settings->routes[0] == '\0' && is_set(settings, SMS_TWILIO) &&
	    is_set(settings, SMS_GATEWAY))
		return "TWILIO_ACCOUNT_SID and SMS_GATEWAY_URL are set, so SMS_ROUTES must say "
		       "which numbers are whose";
	return NULL;
}

const char *sms_settings_mistake(const struct sms_settings *settings)
{
	const char *mistake = gateway_mistake(settings);

	if (mistake != NULL)
		return mistake;
	if ((settings->twilio_account_sid[0] != '\0') != (settings->twilio_auth_token[0] != '\0'))
		return "TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN must be set together";
	if (settings->twilio_account_sid[0] != '\0' && settings->from[0] == '\0')
		return "TWILIO_ACCOUNT_SID is set, so SMS_FROM must be, too";
	return mistake_of_routes(settings);
}

/* Sending. */

struct sms_verdict sms_verdict_of_status(struct arena *arena, int status)
{
	struct sms_verdict verdict = {.reason = arena_printf(arena, "status %d", status)};

	if (status >= 200 && status < 300)
		verdict.outcome = SMS_SENT;
	else if (status == 429)
		verdict = (struct sms_verdict){SMS_RETRY, RATE_DELAY_MS, verdict.reason};
	else if (status == 408)
		verdict.outcome = SMS_RETRY;
	else if (status >= 500)
		verdict.outcome = SMS_PROVIDER_FAILED;
	else if (status == 400 || status == 422)
		verdict.outcome = SMS_NUMBER_REFUSED;
	else
		verdict.outcome = SMS_ALARM;
	return verdict;
}

static struct sms_verdict unanswered(int rc)
{
	switch (rc) {
	case -EAGAIN: /* we have too many calls under way, or stop */
	case -ECANCELED:
	case -ENOMEM:
		return (struct sms_verdict){.outcome = SMS_RETRY, .reason = "not sent"};
	case -EINVAL:
		return (struct sms_verdict){.outcome = SMS_ALARM, .reason = "bad URL or header"};
	case -EKEYREJECTED:
		return (struct sms_verdict){.outcome = SMS_PROVIDER_FAILED,
		                            .reason = "certificate refused"};
	default:
		return (struct sms_verdict){.outcome = SMS_PROVIDER_FAILED, .reason = "no answer"};
	}
}

struct sms_verdict sms_send(struct arena *arena, const struct sms_settings *settings,
                            const struct sms *sms, int64_t deadline_ms)
{
	enum sms_provider provider = sms_route(settings, sms->to);
	struct http_client_response response;

	assert(provider != SMS_NOBODY);
	if (provider == SMS_SHOWN)
		return sms_show(arena, sms);
	struct sms_request built = provider == SMS_TWILIO ? twilio_build(arena, settings, sms)
	                                                  : gateway_build(arena, settings, sms);
	const struct http_client_request request = {
	    .method = "POST",
	    .url = built.url,
	    .headers = built.headers,
	    .header_count = built.header_count,
	    .body = built.body.data,
	    .body_length = built.body.length,
	    .body_max = ANSWER_BYTES,
	    .trusted = true,
	};
	int rc = http_client_send(arena, &request, deadline_ms, &response);

	if (rc < 0)
		return unanswered(rc);
	return provider == SMS_TWILIO ? twilio_judge(arena, &response)
	                              : gateway_judge(arena, settings, &response);
}
