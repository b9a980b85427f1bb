#include "shop/payments/provider.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>

#include "net/log.h"
#include "task/db.h"

const struct payment_provider *const PAYMENT_PROVIDERS[] = {&SANDBOX, &CHAPA, &STRIPE, NULL};

const char *const PAYMENT_WORDS[PAYMENT_WORD_COUNT] = {
    [PAYMENT_NEEDS_ACTION] = "needs_action",
    [PAYMENT_AUTHORISED] = "authorised",
    [PAYMENT_CAPTURED] = "captured",
    [PAYMENT_FAILED] = "failed",
    [PAYMENT_CANCELLED] = "cancelled",
    [PAYMENT_EXPIRED] = "expired",
    [PAYMENT_PROCESSING] = "processing",
    [PAYMENT_ABSENT] = "absent",
    [PAYMENT_REFUNDED] = "refunded",
    [PAYMENT_REFUND_PENDING] = "refund pending",
    [PAYMENT_REFUND_REFUSED] = "refund refused",
    [PAYMENT_UNANSWERED] = "no answer",
    [PAYMENT_UNSENT] = "not sent",
    [PAYMENT_MISTAKE] = "refuses us",
};

static struct payment_settings kept;

void payment_settings_keep(const struct payment_settings *settings)
{
	assert(payment_settings_mistake(settings) == NULL);
	kept = *settings;
}

const struct payment_settings *payment_settings(void)
{
	assert(kept.origins != NULL); /* after the start */
	return &kept;
}

static bool is_url(const char *text)
{
	return (strncmp(text, "https://", 8) == 0 || strncmp(text, "http://", 7) == 0) &&
	       strpbrk(text, " ?#") == NULL && text[strlen(text) - 1] != '/';
}

const char *payment_settings_mistake(const struct payment_settings *settings)
{
	const char *urls = settings->return_urls;

	if (!is_url(settings->chapa_url))
		return "CHAPA_URL must be https:// and a host, without a slash at its end";
	if (!is_url(settings->stripe_url))
		return "STRIPE_URL must be https:// and a host, without a slash at its end";

	for (; *urls != 0; urls += strspn(urls, " ")) {
		size_t length = strcspn(urls, " ");
		const char *scheme = strstr(urls, "://");

		if (scheme == NULL || scheme == urls || scheme >= urls + length)
			return "SEBEZ_RETURN_URLS must be beginnings of URLs with blanks between, "
			       "such as shop://paid";
		urls += length;
	}
	return NULL;
}

const struct payment_provider *payment_provider_named(const char *name)
{
	for (size_t i = 0; PAYMENT_PROVIDERS[i] != NULL; i++)
		if (strcmp(PAYMENT_PROVIDERS[i]->name, name) == 0)
			return PAYMENT_PROVIDERS[i];
	return NULL;
}

bool payments_offer(const char *method, const char *currency)
{
	const struct payment_provider *provider = payment_provider_named(method);

	return provider != NULL && provider->offers(payment_settings(), currency);
}

int64_t payments_minutes(void)
{
	assert(payment_settings()->minutes > 0);
	return payment_settings()->minutes;
}

struct payment_answer payment_ask(struct task *task, const struct payment_provider *provider,
                                  const struct payment_ask *ask)
{
	struct payment_answer answer;
	char id[UUID_TEXT_LENGTH + 1];

	assert(!db_has_transaction(task));
	assert(ask->amount > 0 && ask->refund_amount <= ask->amount);
	answer = provider->ask(task, payment_settings(), ask);
	assert(answer.word < PAYMENT_WORD_COUNT);
	uuid_format(ask->attempt, id);
	if (answer.word == PAYMENT_MISTAKE)
		LOG_ERROR("a provider of payments refuses us", log_str("provider", provider->name),
		          log_str("attempt_id", id),
		          log_str("reason", answer.failure != NULL ? answer.failure : ""));
	else
		LOG_INFO("a provider of payments was asked", log_str("provider", provider->name),
		         log_str("attempt_id", id), log_str("answer", PAYMENT_WORDS[answer.word]));
	return answer;
}
