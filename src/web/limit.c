#include "web/limit.h"

#include <assert.h>
#include <hiredis/hiredis.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/limits.h"
#include "net/loop.h"
#include "store/redis.h"
#include "web/client_address.h"
#include "web/limit_table.h"
#include "web/reply.h"
#include "web/request_context.h"
#include "web/uri.h"

/* Timeout of a count in Redis; after it the process counts locally. */
enum { REDIS_MS = 50 };

/* The tables that areas have registered. */
static const struct limit_rule *tables[LIMIT_AREAS];
static size_t table_count;

/* INCR and EXPIRE atomically, so that no counter is left without an expiry. */
static const char SCRIPT[] = "local n = redis.call('INCR', KEYS[1]) "
                             "if n == 1 then redis.call('EXPIRE', KEYS[1], ARGV[1]) end "
                             "return {n, redis.call('TTL', KEYS[1])}";

/* Decrements only an existing counter: an expired one must not be recreated. */
static const char GIVE_BACK[] = "if redis.call('EXISTS', KEYS[1]) == 1 then "
                                "return redis.call('DECR', KEYS[1]) end return 0";

static const struct limit_rule *rule_of(const char *name)
{
	for (size_t i = 0; i < table_count; i++)
		for (const struct limit_rule *at = tables[i]; at->name != NULL; at++)
			if (strcmp(at->name, name) == 0)
				return at;
	return NULL;
}

void limit_register(const struct limit_rule rules[])
{
	if (rules == NULL)
		return;
	for (const struct limit_rule *at = rules; at->name != NULL; at++)
		assert(rule_of(at->name) == NULL && at->count > 0 && at->window_s > 0);
	assert(table_count < LIMIT_AREAS);
	tables[table_count++] = rules;
}

bool limit_rule_exists(const char *rule)
{
	return rule_of(rule) != NULL;
}

void limit_start(void)
{
	limit_table_clear();
}

static bool count_in_redis(const char *key, int64_t window_s, struct limit_count *ret)
{
	struct redis *redis = web_options()->redis;
	struct redisReply *reply;
	char window[24];
	bool good;

	if (redis == NULL || !redis_is_up(redis))
		return false;
	snprintf(window, sizeof(window), "%" PRId64, window_s);
	const char *argv[] = {"EVAL", SCRIPT, "1", key, window};
	const size_t lengths[] = {4, sizeof(SCRIPT) - 1, 1, strlen(key), strlen(window)};

	if (redis_call(redis, loop_now_ms() + REDIS_MS, &reply, 5, argv, lengths) != 0)
		return false;
	good = reply->type == REDIS_REPLY_ARRAY && reply->elements == 2 &&
	       reply->element[0]->type == REDIS_REPLY_INTEGER &&
	       reply->element[1]->type == REDIS_REPLY_INTEGER;
	if (good)
		*ret = (struct limit_count){.count = reply->element[0]->integer,
		                            .left_s = reply->element[1]->integer};
	freeReplyObject(reply);
	return good;
}

static const char *key_of(struct request *rq, const struct limit_rule *rule, const char *who)
{
	return arena_printf(rq->task.arena, "sebez:rate:%s:%s", rule->name, who);
}

static void apply(struct request *rq, const struct limit_rule *rule, const char *key)
{
	struct limit_count now;

	assert(rule->count > 0 && rule->window_s > 0 && !rq->replied);
	if (!web_options()->limits)
		return;
	if (!count_in_redis(key, rule->window_s, &now))
		now = limit_table_add(key, rule->window_s, clock_monotonic_ms());
	int64_t left = rule->count - now.count;
	int64_t wait_s = now.left_s > 0 ? now.left_s : 1;
	char text[96];

	snprintf(text, sizeof(text), "\"%s\";q=%" PRId64 ";w=%" PRId64, rule->name, rule->count,
	         rule->window_s);
	reply_header(rq, "RateLimit-Policy", text);
	snprintf(text, sizeof(text), "\"%s\";r=%" PRId64 ";t=%" PRId64, rule->name,
	         left > 0 ? left : 0, wait_s);
	reply_header(rq, "RateLimit", text);
	if (left < 0)
		task_end_with(&rq->task,
		              (struct problem){.code = PROBLEM_RATE_LIMITED,
		                               .detail = "Too many requests; retry later.",
		                               .retry_after_s = (int)wait_s});
}

static const char *address_of(struct request *rq)
{
	char *network = arena_alloc(rq->task.arena, CLIENT_ADDRESS_SIZE);

	client_network(request_address(rq), network);
	return network;
}

static bool counts(const struct request *rq)
{
	const char *parameter = rq->operation->limit_when;
	struct uri_pair pair;

	return rq->operation->limit != NULL &&
	       (parameter == NULL ||
	        (uri_find(http_query(rq->http), parameter, &pair) && pair.value_length > 0));
}

void limit(struct request *rq)
{
	char account[UUID_TEXT_LENGTH + 1];

	if (!counts(rq))
		return;
	const struct limit_rule *rule = rule_of(rq->operation->limit);

	assert(rule != NULL); /* web_start has checked */
	if (rule->by == LIMIT_BY_ACCOUNT && !uuid_is_nil(rq->task.actor.account_id)) {
		uuid_format(rq->task.actor.account_id, account);
		apply(rq, rule, key_of(rq, rule, account));
	} else {
		apply(rq, rule, key_of(rq, rule, address_of(rq)));
	}
}

static const char *whom(struct request *rq, const struct limit_rule *rule, const char *who)
{
	return rule->by == LIMIT_BY_OTHER_AT_ADDRESS
	           ? arena_printf(rq->task.arena, "%s@%s", who, address_of(rq))
	           : who;
}

void limit_guess(struct request *rq, const char *name, const char *who)
{
	const struct limit_rule *rule = rule_of(name);
	struct request_context *ctx = request_context_of(rq);

	assert(rule != NULL && ctx->guess_count < LIMIT_GUESSES);
	const char *key = key_of(rq, rule, whom(rq, rule, who));

	ctx->guesses[ctx->guess_count++] = key;
	apply(rq, rule, key);
}

bool limit_is_beyond(struct request *rq, const char *name, const char *who)
{
	const struct limit_rule *rule = rule_of(name);
	struct limit_count now;

	assert(rule != NULL && (who == NULL) == (rule->by == LIMIT_BY_ADDRESS));
	if (!web_options()->limits)
		return false;
	const char *key = key_of(rq, rule, who != NULL ? whom(rq, rule, who) : address_of(rq));

	if (!count_in_redis(key, rule->window_s, &now))
		now = limit_table_add(key, rule->window_s, clock_monotonic_ms());
	return now.count > rule->count;
}

static void refund(const char *key)
{
	struct redis *redis = web_options()->redis;
	struct redisReply *reply;
	const char *argv[] = {"EVAL", GIVE_BACK, "1", key};
	const size_t lengths[] = {4, sizeof(GIVE_BACK) - 1, 1, strlen(key)};

	limit_table_subtract(key, clock_monotonic_ms());
	if (redis != NULL && redis_is_up(redis) &&
	    redis_call(redis, loop_now_ms() + REDIS_MS, &reply, 4, argv, lengths) == 0)
		freeReplyObject(reply);
}

void limit_refund_guesses(struct request *rq)
{
	struct request_context *ctx = request_context_of(rq);

	while (ctx->guess_count > 0) {
		const char *key = ctx->guesses[--ctx->guess_count];

		if (web_options()->limits)
			refund(key);
	}
}
