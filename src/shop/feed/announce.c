#include "shop/feed/announce.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/limits.h"
#include "shop/feed/hub.h"
#include "shop/feed/item.h"
#include "shop/feed/poll.h"
#include "shop/feed/read.h"

/* Publishes an event, and keeps the latest 64 of a feed for ten minutes, for clients after short
 * disconnections. One script, so that no window is left without an expiry. An event that rewrites
 * earlier ones starts a new window, and earlier events that arrive late are not added to it. It
 * publishes first: that works in a full Redis, too. */
static const char KEEP[] = "redis.call('PUBLISH', ARGV[4], ARGV[5] .. ARGV[2]) "
                           "if ARGV[3] == '1' then redis.call('DEL', KEYS[1]) end "
                           "local first = redis.call('ZRANGE', KEYS[1], 0, 0, 'WITHSCORES') "
                           "if first[2] and tonumber(first[2]) > tonumber(ARGV[1]) then return end "
                           "redis.call('ZADD', KEYS[1], ARGV[1], ARGV[2]) "
                           "redis.call('ZREMRANGEBYRANK', KEYS[1], 0, -65) "
                           "redis.call('EXPIRE', KEYS[1], 600)";

enum { HEAD_ROOM = 128 };

static struct {
	struct redis *redis;
	struct redis *listening;
	const char *channels[ANNOUNCE_CHANNELS];
	char names[ANNOUNCE_CHANNELS][24];
} bus;

static const char *channel_of(struct uuid owner)
{
	assert(bus.channels[0] != NULL && !uuid_is_nil(owner));
	return bus.channels[hash_plain(owner.bytes, sizeof(owner.bytes)) % ANNOUNCE_CHANNELS];
}

static bool is_here(int64_t epoch)
{
	return hub_epoch() != 0 && hub_epoch() == epoch;
}

static void hear(const struct wake_up *wake_up)
{
	struct followed *feed = is_here(wake_up->epoch) ? hub_find(wake_up->owner) : NULL;

	if (feed != NULL && wake_up->number == 0)
		polls_pass(feed, wake_up->json, wake_up->length);
	else if (feed != NULL && hub_hear(feed, wake_up->number, wake_up->json, wake_up->length))
		polls_news(feed);
}

/* Parses a number followed by a space; NULL on anything else. */
static const char *parse_number(const char *at, const char *end, int64_t *ret)
{
	char text[24], *rest;
	const char *space = memchr(at, ' ', (size_t)(end - at));
	size_t length = space != NULL ? (size_t)(space - at) : 0;

	if (length == 0 || length >= sizeof(text))
		return NULL;
	memcpy(text, at, length);
	text[length] = '\0';
	*ret = strtoll(text, &rest, 10);
	return *rest == '\0' ? space + 1 : NULL;
}

bool wake_up_parse(const char *bytes, size_t length, struct wake_up *ret)
{
	const char *end = bytes + length;
	struct wake_up wake_up = {0};
	char id[UUID_TEXT_LENGTH + 1] = "";
	const char *at = parse_number(bytes, end, &wake_up.epoch);

	if (at == NULL || end - at <= UUID_TEXT_LENGTH || at[UUID_TEXT_LENGTH] != ' ')
		return false;
	memcpy(id, at, UUID_TEXT_LENGTH);
	if (!uuid_parse(id, &wake_up.owner))
		return false;
	at = parse_number(at + UUID_TEXT_LENGTH + 1, end, &wake_up.number);
	if (at == NULL || wake_up.number < 0 || (wake_up.number == 0 && at == end))
		return false;
	if (at < end) {
		wake_up.json = at;
		wake_up.length = (size_t)(end - at);
	}
	*ret = wake_up;
	return true;
}

static void on_message(void *arg, const char *bytes, size_t length)
{
	struct wake_up wake_up;

	(void)arg;
	if (wake_up_parse(bytes, length, &wake_up))
		hear(&wake_up);
}

static void send_to_redis(int count, const char *const argv[], const size_t known[])
{
	size_t lengths[9];

	assert(count > 0 && count <= (int)(sizeof(lengths) / sizeof(lengths[0])));
	for (int i = 0; i < count; i++)
		lengths[i] = known[i] != 0 ? known[i] : strlen(argv[i]);
	redis_send(bus.redis, count, argv, lengths);
}

void announce(int64_t epoch, struct uuid owner, int64_t number, const char *json, size_t length)
{
	bool is_small = length <= LIMIT_EVENT_BYTES;
	char message[HEAD_ROOM], key[80], score[24];
	char id[UUID_TEXT_LENGTH + 1];

	assert(number > 0 && length > 0); /* 0 is the number of passing events */
	hear(&(struct wake_up){epoch, owner, number, is_small ? json : NULL, length});
	if (bus.redis == NULL || !redis_is_up(bus.redis))
		return;
	uuid_format(owner, id);
	int head = snprintf(message, HEAD_ROOM, "%" PRId64 " %s %" PRId64 " ", epoch, id, number);
	bool rewrites = item_rewrites(json, length);

	assert(head > 0 && head < HEAD_ROOM);

	window_key(epoch, owner, key);
	if (is_small) {
		snprintf(score, sizeof(score), "%" PRId64, number);
		send_to_redis(9,
		              (const char *const[]){"EVAL", KEEP, "1", key, score, json,
		                                    rewrites ? "1" : "0", channel_of(owner),
		                                    message},
		              (const size_t[]){0, 0, 0, 0, 0, length, 0, 0, 0});
		return;
	}
	if (rewrites)
		send_to_redis(2, (const char *const[]){"DEL", key}, (const size_t[]){0, 0});
	send_to_redis(3, (const char *const[]){"PUBLISH", channel_of(owner), message},
	              (const size_t[]){0, 0, 0});
}

/* Redis delivers the message to this process, too, so it is handled here only when not published.
 */
void announce_passing(struct uuid owner, const char *json, size_t length)
{
	char message[HEAD_ROOM + LIMIT_EVENT_BYTES], id[UUID_TEXT_LENGTH + 1];
	int64_t epoch = hub_epoch();

	if (length > LIMIT_EVENT_BYTES)
		return;
	if (bus.redis == NULL || !redis_is_up(bus.redis)) {
		hear(&(struct wake_up){epoch, owner, 0, json, length});
		return;
	}
	uuid_format(owner, id);
	int head = snprintf(message, HEAD_ROOM, "%" PRId64 " %s 0 ", epoch, id);
	assert(head > 0 && head < HEAD_ROOM);
	memcpy(message + head, json, length);
	send_to_redis(3, (const char *const[]){"PUBLISH", channel_of(owner), message},
	              (const size_t[]){0, 0, (size_t)head + length});
}

int announce_start(struct redis *redis, const char *redis_url, bool listens)
{
	static struct redis_listener listener;

	assert(bus.listening == NULL);
	bus.redis = redis;
	for (int i = 0; i < ANNOUNCE_CHANNELS; i++) {
		snprintf(bus.names[i], sizeof(bus.names[i]), "sebez:wake:{%d}", i);
		bus.channels[i] = bus.names[i];
	}
	listener = (struct redis_listener){
	    .channel_count = ANNOUNCE_CHANNELS, .channels = bus.channels, .message = on_message};
	return listens ? redis_subscribe(redis_url, &listener, &bus.listening) : 0;
}

void announce_stop(void)
{
	redis_close(bus.listening);
	bus.listening = NULL;
	bus.redis = NULL;
}
