#include <hiredis/hiredis.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "net/loop.h"
#include "shop/chat/talk.h"
#include "store/redis.h"

enum {
	REDIS_MS = 50, /* timeout; then presence is unknown */
	STEP_MINUTES = 5,
	KEY_SIZE = 128,
};

#define SEEN_S "86400"
#define TYPING_S "6"

_Static_assert(sizeof("sebez:{}:typing:") + 2 * UUID_TEXT_LENGTH <= KEY_SIZE, "room for any key");

static struct redis *the_redis;

int presence_start(const struct area_options *options)
{
	the_redis = options->redis;
	return 0;
}

/* Hash tag: all keys of one owner are on one node of a cluster. */
static void seen_key(struct uuid who, char ret[KEY_SIZE])
{
	char text[UUID_TEXT_LENGTH + 1];

	uuid_format(who, text);
	snprintf(ret, KEY_SIZE, "sebez:{%s}:seen", text);
}

static void typing_key(struct uuid conversation, struct uuid who, char ret[KEY_SIZE])
{
	char text[UUID_TEXT_LENGTH + 1], in[UUID_TEXT_LENGTH + 1];

	uuid_format(who, text);
	uuid_format(conversation, in);
	snprintf(ret, KEY_SIZE, "sebez:{%s}:typing:%s", text, in);
}

static void store_value(const char *key, const char *value, const char *seconds)
{
	const char *argv[] = {"SET", key, value, "EX", seconds};
	const size_t lengths[] = {3, strlen(key), strlen(value), 2, strlen(seconds)};

	if (the_redis != NULL && redis_is_up(the_redis))
		redis_send(the_redis, 5, argv, lengths);
}

/* -1 when there is no value or Redis is unavailable. */
static int64_t load_value(const char *key)
{
	const char *argv[] = {"GET", key};
	const size_t lengths[] = {3, strlen(key)};
	struct redisReply *reply;
	int64_t value;

	if (the_redis == NULL || !redis_is_up(the_redis) ||
	    redis_call(the_redis, loop_now_ms() + REDIS_MS, &reply, 2, argv, lengths) != 0)
		return -1;
	value = reply->type == REDIS_REPLY_STRING ? strtoll(reply->str, NULL, 10) : -1;
	freeReplyObject(reply);
	return value;
}

void presence_seen(struct uuid who)
{
	char key[KEY_SIZE], now[24];

	seen_key(who, key);
	snprintf(now, sizeof(now), "%" PRId64, clock_now_us() / 1000000);
	store_value(key, now, SEEN_S);
}

int presence_minutes_ago(struct uuid who)
{
	char key[KEY_SIZE];
	int64_t seen, minutes;

	seen_key(who, key);
	seen = load_value(key);
	if (seen < 0)
		return -1;
	minutes = (clock_now_us() / 1000000 - seen) / 60;
	return minutes > 0 ? (int)(minutes / STEP_MINUTES * STEP_MINUTES) : 0;
}

void presence_typing(struct uuid conversation, struct uuid who)
{
	char key[KEY_SIZE];

	typing_key(conversation, who, key);
	store_value(key, "1", TYPING_S);
}

bool presence_is_typing(struct uuid conversation, struct uuid who)
{
	char key[KEY_SIZE];

	typing_key(conversation, who, key);
	return load_value(key) > 0;
}
