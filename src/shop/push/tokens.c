#include "shop/push/tokens.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/list.h"
#include "net/co.h"
#include "net/loop.h"
#include "shop/push/internal.h"

enum {
	FCM_EARLY_S = 10 * 60,   /* before its end another one is asked for */
	FCM_SAFE_S = 60,         /* with less time left it may end on the way */
	FCM_ASK_MS = 10 * 1000,  /* a question */
	FCM_PAUSE_MS = 5 * 1000, /* after a failure nobody asks again for so long, or longer */
	FCM_BODY_BYTES = 64 * 1024,
	ASK_ARENA_BYTES = 512 * 1024,
	APNS_AGE_S = 50 * 60,     /* an hour is too old */
	APNS_AGE_S_MIN = 20 * 60, /* sooner is too often */
	VAPID_S = 12 * 3600,
	VAPID_EARLY_S = 3600,
	VAPID_ORIGINS = 16, /* the services of browsers are fewer */
};

struct vapid {
	char *origin, *header;
	int64_t ends_s;
};

struct waiter {
	struct list_node node;
	struct co *co;
};

static struct {
	const struct push_credentials *credentials;
	const struct push_settings *settings;
	struct {
		char *token; /* NULL: none */
		int64_t ends_s;
		bool is_asking;
		struct list_node waiters; /* fibers, while one asks */
		int64_t silent_until_ms;  /* of the loop; after a failure: */
		struct push_verdict failure;
		char reason[64];
	} fcm;
	struct {
		char *token;
		int64_t made_s;
	} apns;
	struct vapid vapids[VAPID_ORIGINS];
	unsigned vapid_next; /* to be replaced */
} tokens;

void tokens_start(const struct push_credentials *credentials, const struct push_settings *settings)
{
	assert(tokens.credentials == NULL);
	tokens.credentials = credentials;
	tokens.settings = settings;
	list_init(&tokens.fcm.waiters);
}

static int64_t now_s(void)
{
	return clock_now_us() / 1000000;
}

/* FCM. */

static bool is_usable(int64_t for_s)
{
	return tokens.fcm.token != NULL && tokens.fcm.ends_s - now_s() > for_s;
}

static struct push_verdict take_token(struct arena *arena, int result,
                                      const struct http_client_response *response)
{
	const char *token = NULL;
	int64_t lifetime_s = 0;
	struct push_verdict verdict;

	if (result < 0)
		return push_unanswered(result, true);
	verdict = fcm_token_judge(arena, response, now_s(), &token, &lifetime_s);
	if (verdict.outcome != PUSH_SENT)
		return verdict;
	free(tokens.fcm.token);
	tokens.fcm.token = strdup(token);
	tokens.fcm.ends_s = now_s() + lifetime_s;
	assert(tokens.fcm.token != NULL);
	return verdict;
}

/* The failure is kept for those that come soon. */
static void keep_failure(const struct push_verdict *verdict)
{
	int64_t pause_ms = verdict->delay_ms > FCM_PAUSE_MS ? verdict->delay_ms : FCM_PAUSE_MS;

	assert(verdict->outcome != PUSH_SENT);
	snprintf(tokens.fcm.reason, sizeof(tokens.fcm.reason), "access token: %s", verdict->reason);
	tokens.fcm.failure = *verdict;
	tokens.fcm.failure.reason = tokens.fcm.reason;
	tokens.fcm.silent_until_ms = loop_now_ms() + pause_ms;
}

static void wake_waiters(void)
{
	struct list_node *node;

	while ((node = list_pop_front(&tokens.fcm.waiters)) != NULL)
		co_wake(CONTAINER_OF(node, struct waiter, node)->co);
}

static void ask(void)
{
	struct arena *arena = arena_new(ASK_ARENA_BYTES, NULL, NULL);
	const struct push_credentials *credentials = tokens.credentials;
	struct push_request form =
	    fcm_token_build(arena, &credentials->fcm, credentials->fcm_key, now_s());
	struct push_verdict verdict = {.outcome = PUSH_NOT_SENT, .reason = "no memory"};
	struct http_client_response response;

	assert(!tokens.fcm.is_asking);
	tokens.fcm.is_asking = true;
	if (form.body != NULL) {
		const struct http_client_request request = push_call(&form, FCM_BODY_BYTES, true);
		int rc = http_client_send(arena, &request, loop_now_ms() + FCM_ASK_MS, &response);

		verdict = take_token(arena, rc, &response);
	}
	if (verdict.outcome != PUSH_SENT)
		keep_failure(&verdict);
	arena_free(arena);
	tokens.fcm.is_asking = false;
	wake_waiters();
}

static void wait_for_answer(void)
{
	struct waiter self = {.co = co_self()};

	list_init(&self.node);
	list_push_back(&tokens.fcm.waiters, &self.node);
	while (!list_is_empty(&self.node))
		(void)co_wait(0); /* the question has a deadline */
}

struct push_verdict tokens_fcm(struct arena *arena, const char **ret)
{
	bool is_silent = loop_now_ms() < tokens.fcm.silent_until_ms;

	assert(co_self() != NULL && tokens.credentials->fcm_key != NULL);
	if (!is_usable(FCM_EARLY_S) && !tokens.fcm.is_asking && !is_silent)
		ask();
	else if (!is_usable(FCM_SAFE_S) && tokens.fcm.is_asking)
		wait_for_answer();
	if (is_usable(FCM_SAFE_S)) {
		*ret = arena_strdup(arena, tokens.fcm.token);
		return (struct push_verdict){.outcome = PUSH_SENT, .reason = ""};
	}
	struct push_verdict failure = tokens.fcm.failure;

	if (failure.reason == NULL)
		failure = (struct push_verdict){.outcome = PUSH_RETRY, .reason = "access token"};
	failure.reason = arena_strdup(arena, failure.reason);
	return failure;
}

void tokens_fcm_refused(const char *token)
{
	if (tokens.fcm.token == NULL || strcmp(tokens.fcm.token, token) != 0)
		return;
	free(tokens.fcm.token);
	tokens.fcm.token = NULL;
}

/* APNs. */

const char *tokens_apns(struct arena *arena)
{
	int64_t age_s = now_s() - tokens.apns.made_s;

	assert(tokens.credentials->apns_key != NULL);
	if (tokens.apns.token == NULL || age_s >= APNS_AGE_S || age_s < 0) {
		int64_t made_s = now_s();
		const char *token =
		    apns_token(arena, tokens.credentials->apns_key, tokens.settings->apns_key_id,
		               tokens.settings->apns_team, made_s);

		if (token == NULL)
			return NULL;
		free(tokens.apns.token);
		tokens.apns.token = strdup(token);
		tokens.apns.made_s = made_s;
		assert(tokens.apns.token != NULL);
	}
	return arena_strdup(arena, tokens.apns.token);
}

int64_t tokens_apns_refused_ms(const char *token)
{
	int64_t age_s = now_s() - tokens.apns.made_s;

	if (tokens.apns.token == NULL || strcmp(tokens.apns.token, token) != 0)
		return 0; /* there is another one already */
	if (age_s >= 0 && age_s < APNS_AGE_S_MIN)
		return (APNS_AGE_S_MIN - age_s) * 1000;
	free(tokens.apns.token);
	tokens.apns.token = NULL;
	return 0;
}

/* Web Push. */

static struct vapid *vapid_of(const char *origin)
{
	for (unsigned i = 0; i < VAPID_ORIGINS; i++)
		if (tokens.vapids[i].origin != NULL && strcmp(tokens.vapids[i].origin, origin) == 0)
			return &tokens.vapids[i];
	return &tokens.vapids[tokens.vapid_next++ % VAPID_ORIGINS];
}

const char *tokens_vapid(struct arena *arena, const char *origin)
{
	struct vapid *vapid = vapid_of(origin);
	int64_t left_s = vapid->ends_s - now_s();
	bool is_kept = vapid->origin != NULL && strcmp(vapid->origin, origin) == 0;

	assert(tokens.credentials->vapid_key != NULL);
	if (!is_kept || left_s < VAPID_EARLY_S || left_s > VAPID_S) {
		const char *header =
		    web_push_vapid(arena, tokens.credentials->vapid_key, origin,
		                   tokens.settings->vapid_subject, now_s(), VAPID_S);

		if (header == NULL)
			return NULL;
		free(vapid->origin);
		free(vapid->header);
		*vapid = (struct vapid){strdup(origin), strdup(header), now_s() + VAPID_S};
		assert(vapid->origin != NULL && vapid->header != NULL);
	}
	return arena_strdup(arena, vapid->header);
}
