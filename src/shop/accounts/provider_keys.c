#include "shop/accounts/provider_keys.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/list.h"
#include "net/co.h"
#include "net/http_client.h"
#include "net/log.h"
#include "net/loop.h"
#include "shop/accounts/accounts.h"

enum { ASK_ARENA_BYTES = 1024 * 1024 };

struct waiter {
	struct list_node node;
	struct co *co;
};

/* Times of the loop. */
static struct ring {
	struct jwks keys;
	int64_t fresh_until_ms, kept_until_ms;
	int64_t quiet_until_ms; /* nobody asks again before */
	bool is_asking;
	bool is_failing;          /* the last question had no answer */
	struct list_node waiters; /* fibers, while one asks */
} rings[IDENTITY_PROVIDER_COUNT];

static const char *url_of(struct arena *arena, const struct identity_settings *settings,
                          enum identity_provider_choice provider)
{
	if (provider == IDENTITY_PROVIDER_APPLE)
		return arena_printf(arena, "%s/auth/keys", settings->apple_url);
	return settings->google_keys_url;
}

/* How long an answer says that it is good, within bounds: a document for a second would have us
 * ask at each sign-in, and one for a year would keep a withdrawn key. */
static int64_t good_ms(const struct http_client_response *response)
{
	const char *header = http_client_header(response, "Cache-Control");
	const char *at = header != NULL ? strstr(header, "max-age=") : NULL;
	int64_t seconds = at != NULL ? strtoll(at + strlen("max-age="), NULL, 10) : 3600;

	if (seconds < LIMIT_JWKS_GOOD_S_MIN)
		seconds = LIMIT_JWKS_GOOD_S_MIN;
	if (seconds > LIMIT_JWKS_GOOD_S_MAX)
		seconds = LIMIT_JWKS_GOOD_S_MAX;
	return seconds * 1000;
}

/* Asks for a document, within the deadline. NULL: *ret and how long it is good are set; else a
 * sentence for logs. Redirects are not followed. */
static const char *read_keys(struct arena *arena, const char *url, int64_t deadline_ms,
                             struct jwks *ret, int64_t *ret_good_ms)
{
	const struct http_client_request request = {.url = url, .body_max = LIMIT_JWKS_BYTES};
	struct http_client_response response;

	if (http_client_send(arena, &request, deadline_ms, &response) < 0)
		return response.error;
	if (response.status != 200)
		return arena_printf(arena, "%s answers %d", url, response.status);
	if (!jwks_read(arena, response.body, response.body_length, ret))
		return arena_printf(arena, "%s is no set of 1 to %d keys", url, LIMIT_JWKS);
	*ret_good_ms = good_ms(&response);
	return NULL;
}

static void wake_waiters(struct ring *ring)
{
	struct list_node *node;

	while ((node = list_pop_front(&ring->waiters)) != NULL)
		co_wake(CONTAINER_OF(node, struct waiter, node)->co);
}

static void ask(struct ring *ring, enum identity_provider_choice provider, int64_t deadline_ms)
{
	struct arena *arena = arena_new(ASK_ARENA_BYTES, NULL, NULL);
	struct jwks keys;
	int64_t lasts_ms = 0, latest_ms = loop_now_ms() + LIMIT_JWKS_ASK_MS;

	assert(!ring->is_asking);
	ring->is_asking = true;
	list_init(&ring->waiters);
	const char *error =
	    read_keys(arena, url_of(arena, &account_settings()->identity, provider),
	              deadline_ms < latest_ms ? deadline_ms : latest_ms, &keys, &lasts_ms);
	int64_t now_ms = loop_now_ms();

	ring->is_failing = error != NULL;
	if (error == NULL) {
		jwks_free(&ring->keys);
		ring->keys = keys;
		ring->fresh_until_ms = now_ms + lasts_ms;
		ring->kept_until_ms = ring->fresh_until_ms + LIMIT_JWKS_KEPT_S * INT64_C(1000);
		ring->quiet_until_ms = now_ms + LIMIT_JWKS_QUIET_MS;
	} else {
		LOG_WARNING("the keys of an identity provider cannot be read",
		            log_str("provider", IDENTITY_PROVIDER_NAMES[provider]),
		            log_str("reason", error));
		ring->quiet_until_ms = now_ms + LIMIT_JWKS_PAUSE_MS;
	}
	arena_free(arena);
	ring->is_asking = false;
	wake_waiters(ring);
}

static void wait_for_answer(struct ring *ring)
{
	struct waiter self = {.co = co_self()};

	list_init(&self.node);
	list_push_back(&ring->waiters, &self.node);
	while (!list_is_empty(&self.node))
		(void)co_wait(0); /* the question has a deadline */
}

const struct public_key *provider_key(struct task *task, enum identity_provider_choice provider,
                                      const char *id)
{
	struct ring *ring = &rings[provider];
	const struct public_key *key = jwks_find(&ring->keys, id);

	assert(provider < IDENTITY_PROVIDER_COUNT && co_self() != NULL);
	if (key == NULL || loop_now_ms() >= ring->fresh_until_ms) {
		if (!ring->is_asking && loop_now_ms() >= ring->quiet_until_ms)
			ask(ring, provider, task->deadline_ms);
		else if (ring->is_asking && key == NULL)
			wait_for_answer(ring);
		key = jwks_find(&ring->keys, id);
	}
	if (key != NULL && loop_now_ms() < ring->kept_until_ms)
		return key;
	if (loop_now_ms() >= ring->fresh_until_ms || ring->is_failing)
		task_end_with(task,
		              (struct problem){.code = PROBLEM_UNAVAILABLE,
		                               .detail = "The identity provider does not answer.",
		                               .retry_after_s = LIMIT_JWKS_PAUSE_MS / 1000});
	return NULL;
}

static void probe(const struct identity_settings *settings, enum identity_provider_choice provider,
                  accounts_report_fn *report, void *arg)
{
	struct arena *arena = arena_new(ASK_ARENA_BYTES, NULL, NULL);
	const char *name = arena_printf(arena, "keys of %s", IDENTITY_PROVIDER_NAMES[provider]);
	struct jwks keys = {.count = 0};
	int64_t lasts_ms;
	const char *error = read_keys(arena, url_of(arena, settings, provider),
	                              loop_now_ms() + LIMIT_JWKS_ASK_MS, &keys, &lasts_ms);

	report(arg, error == NULL, name,
	       error != NULL ? error : arena_printf(arena, "%zu", keys.count));
	jwks_free(&keys);
	arena_free(arena);
}

void accounts_probe_identity(const struct identity_settings *settings, accounts_report_fn *report,
                             void *arg)
{
	if (settings->google_client_ids[0] != 0)
		probe(settings, IDENTITY_PROVIDER_GOOGLE, report, arg);
	if (settings->apple_client_ids[0] != 0)
		probe(settings, IDENTITY_PROVIDER_APPLE, report, arg);
}
