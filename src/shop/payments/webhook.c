#include "shop/payments/webhook.h"

#include <assert.h>
#include <jansson.h>
#include <sodium.h>
#include <string.h>

#include "api.gen.h"
#include "base/clock.h"
#include "base/codec.h"
#include "shop/payments/attempt.h"
#include "web/json_parse.h"
#include "web/reply.h"
#include "webhook.sql.h"

enum { REFERENCE_MAX = 100 };

const char *webhook_header(const struct webhook_in *webhook, const char *name)
{
	return http_header(webhook->rq->http, name);
}

static void sign(const char *secret, size_t secret_length, const char *before,
                 const struct webhook_in *webhook, uint8_t ret[crypto_auth_hmacsha256_BYTES])
{
	crypto_auth_hmacsha256_state state;

	crypto_auth_hmacsha256_init(&state, (const uint8_t *)secret, secret_length);
	crypto_auth_hmacsha256_update(&state, (const uint8_t *)before, strlen(before));
	crypto_auth_hmacsha256_update(&state, (const uint8_t *)webhook->body, webhook->length);
	crypto_auth_hmacsha256_final(&state, ret);
}

bool webhook_is_signed(const struct webhook_in *webhook, const char *secrets, const char *before,
                       const char *hex)
{
	uint8_t given[crypto_auth_hmacsha256_BYTES], ours[crypto_auth_hmacsha256_BYTES];
	bool is = false;

	if (hex == NULL || strlen(hex) != 2 * sizeof(given) ||
	    !hex_decode(hex, given, sizeof(given)))
		return false;
	for (; *secrets != 0; secrets += strspn(secrets, " ")) {
		size_t length = strcspn(secrets, " ");

		sign(secrets, length, before, webhook, ours);
		is |= sodium_memcmp(ours, given, sizeof(ours)) == 0;
		secrets += length;
	}
	return is;
}

static const struct payment_provider *provider_of(struct request *rq, const char *name)
{
	const struct payment_provider *provider = payment_provider_named(name);

	if (provider == NULL || provider->verify == NULL)
		task_end(&rq->task, PROBLEM_NOT_FOUND, "No such provider calls here.");
	return provider;
}

static void read_body(struct webhook_in *webhook)
{
	struct request *rq = webhook->rq;
	size_t size = rq->operation->body_bytes_max;
	char *text = arena_alloc(rq->task.arena, size + 1);
	long count = http_read_whole(rq->http, text, size, rq->task.deadline_ms);

	if (count < 0)
		task_end(&rq->task, PROBLEM_INVALID, "The request did not come to its end.");
	webhook->body = text;
	webhook->length = (size_t)count;
}

static struct webhook_subject subject_of(const struct webhook_in *webhook,
                                         const struct payment_provider *provider)
{
	struct check check;
	const json_t *json;

	check_init(&check, webhook->rq->task.arena);
	json = json_parse(&check, webhook->body, webhook->length);
	return json_is_object(json) ? provider->subject(json) : (struct webhook_subject){0};
}

/* It becomes a part of a path. */
static bool is_reference(const char *text)
{
	return text != NULL && text[0] != 0 && strlen(text) <= REFERENCE_MAX &&
	       text[strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	                         "0123456789_-")] == 0;
}

/* nil: none of ours. */
static struct uuid id_of(const char *text)
{
	struct uuid id;

	return text != NULL && uuid_parse(text, &id) ? id : (struct uuid){0};
}

/* POST /v1/payment-webhooks/{provider} */
void take_payment_webhook(struct request *rq, const struct take_payment_webhook_in *in)
{
	const struct payment_provider *provider = provider_of(rq, in->provider);
	struct webhook_in webhook = {.rq = rq, .now_s = clock_now_us() / 1000000};
	uint8_t digest[crypto_hash_sha256_BYTES];
	struct webhook_subject about;

	read_body(&webhook);
	if (!provider->verify(payment_settings(), &webhook))
		task_end(&rq->task, PROBLEM_UNAUTHENTICATED, "The signature is not valid.");
	crypto_hash_sha256(digest, (const uint8_t *)webhook.body, webhook.length);
	about = subject_of(&webhook, provider);
	sql_payment_webhook_take(db_as(&rq->task, PG_JOBS), provider->name,
	                         (struct bytes){.data = digest, .length = sizeof(digest)},
	                         id_of(about.attempt), id_of(about.refund),
	                         is_reference(about.chargeback) ? about.chargeback : NULL);
	reply_empty(rq);
}

void payment_webhooks_purge(struct task *task)
{
	sql_payment_webhooks_purge(db_of(task));
}
