#include <assert.h>
#include <hiredis/hiredis.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "base/backoff.h"
#include "net/loop.h"
#include "store/redis_internal.h"

enum {
	BACKOFF_FIRST_MS = 50,
	BACKOFF_MAX_MS = 1000,
	CONNECT_MS = 2000, /* from the socket to the first answer */
};

static void on_timer(uv_timer_t *timer);

static const char *name_of(const struct redis *redis)
{
	return redis->listener == NULL ? "redis" : "redis listener";
}

static void report_outage(struct redis *redis, const char *reason)
{
	if (!redis->closing)
		outage_on(&redis->outage, name_of(redis), reason);
}

static void down(struct redis *redis)
{
	redis->up = redis->refused = false;
	redis->context = NULL; /* hiredis frees it */
	redis->pending = 0;
	if (redis->closing)
		return;
	int64_t delay_ms =
	    backoff_ms(redis->failures++, BACKOFF_FIRST_MS, BACKOFF_MAX_MS, randombytes_random());
	(void)uv_timer_start(&redis->timer, on_timer, (uint64_t)delay_ms, 0);
}

void redis_give_up(struct redis *redis, const char *reason)
{
	redisAsyncContext *context = redis->context;

	assert(context != NULL);
	bool was_connected = (context->c.flags & REDIS_CONNECTED) != 0;
	if (reason != NULL)
		report_outage(redis, reason);
	redisAsyncFree(
	    context); /* fails every call, and calls on_disconnect when it was connected */
	if (!was_connected)
		down(redis);
}

/* Gives up a connection that is not up yet, as soon as hiredis has returned. */
static void refused(struct redis *redis, const char *reason)
{
	report_outage(redis, reason);
	redis->refused = true;
	(void)uv_timer_start(&redis->timer, on_timer, 0, 0);
}

static void answered(struct redis *redis)
{
	assert(redis->context != NULL);
	redis->up = true;
	redis->failures = 0;
	redis->heard_ms = loop_now_ms();
	(void)uv_timer_stop(&redis->timer);
	outage_over(&redis->outage, name_of(redis));
}

/* {"message", channel, bytes}, or a confirmation, or NULL when the connection is lost. */
static void on_message(redisAsyncContext *context, void *data, void *arg)
{
	struct redis *redis = arg;
	const redisReply *reply = data;

	(void)context;
	if (reply == NULL || reply->type != REDIS_REPLY_ARRAY || reply->elements != 3)
		return;
	if (!redis->up)
		answered(redis);
	if (reply->element[2]->type != REDIS_REPLY_STRING ||
	    strcmp(reply->element[0]->str, "message") != 0)
		return;
	redis->listener->message(redis->listener->arg, reply->element[2]->str,
	                         (size_t)reply->element[2]->len);
}

static void listen_to_channels(struct redis *redis)
{
	enum { CHANNELS_MAX = 64 };
	const char *argv[1 + CHANNELS_MAX] = {"SUBSCRIBE"};
	size_t count = redis->listener->channel_count;

	assert(count > 0 && count <= CHANNELS_MAX);
	memcpy(&argv[1], redis->listener->channels, count * sizeof(argv[0]));
	(void)redisAsyncCommandArgv(redis->context, on_message, redis, (int)count + 1, argv, NULL);
}

static void on_greeted(redisAsyncContext *context, void *data, void *arg)
{
	const redisReply *reply = data;

	(void)context;
	if (reply == NULL)
		return; /* the connection is lost: on_disconnect follows */
	if (reply->type == REDIS_REPLY_ERROR)
		refused(arg, reply->str);
	else
		answered(arg);
}

/* A server may accept a connection and still refuse to serve it: so expect an answer. */
static void greet(struct redis *redis)
{
	if (redis->listener != NULL)
		listen_to_channels(redis);
	else
		(void)redisAsyncCommand(redis->context, on_greeted, redis, "PING");
}

static void on_let_in(redisAsyncContext *context, void *data, void *arg)
{
	const redisReply *reply = data;

	(void)context;
	if (reply == NULL)
		return; /* as above */
	if (reply->type == REDIS_REPLY_ERROR)
		refused(arg, reply->str);
	else
		greet(arg);
}

static void on_connect(const redisAsyncContext *context, int status)
{
	struct redis *redis = context->data;
	const struct redis_url *url = &redis->url;
	if (status != REDIS_OK) {
		report_outage(redis, context->errstr);
		down(redis);
		return;
	}
	if (redis->listener != NULL && url->path == NULL)
		/* A listener sends nothing, so only keep-alive detects a dead peer. */
		(void)redisEnableKeepAlive(&redis->context->c);
	if (url->password == NULL)
		greet(redis);
	else if (url->user == NULL)
		(void)redisAsyncCommand(redis->context, on_let_in, redis, "AUTH %s", url->password);
	else
		(void)redisAsyncCommand(redis->context, on_let_in, redis, "AUTH %s %s", url->user,
		                        url->password);
}

static void on_disconnect(const redisAsyncContext *context, int status)
{
	struct redis *redis = context->data;

	if (status != REDIS_OK && !redis->refused) /* else the reason was reported */
		report_outage(redis, context->errstr);
	down(redis);
}

static void connect_now(struct redis *redis)
{
	assert(redis->context == NULL && !redis->up);
	const struct redis_url *url = &redis->url;
	redisAsyncContext *context = url->path != NULL
	                                 ? redisAsyncConnectUnix(url->path)
	                                 : redisAsyncConnect(redis->address, url->port);
	assert(context != NULL);
	if (context->err != 0 || redis_watch(context) < 0) {
		report_outage(redis, context->errstr);
		redisAsyncFree(context);
		down(redis);
		return;
	}
	redis_take_replies(context);
	context->data = redis;
	redis->context = context;
	(void)redisAsyncSetDisconnectCallback(context, on_disconnect);
	(void)redisAsyncSetConnectCallback(context, on_connect);
	(void)uv_timer_start(&redis->timer, on_timer, CONNECT_MS, 0);
}

static void on_resolved(void *arg, const char *addresses, const char *reason)
{
	struct redis *redis = arg;
	bool was_awaited = redis->address[0] == '\0';

	redis->resolve = NULL;
	if (addresses != NULL) {
		snprintf(redis->address, sizeof(redis->address), "%.*s",
		         (int)strcspn(addresses, ","), addresses);
		if (was_awaited)
			connect_now(redis);
	} else if (was_awaited) {
		report_outage(redis, reason);
		down(redis);
	}
}

/* The name is looked up again for each attempt, but only the first one waits for it: while the
 * resolver is down the last address is used, and a changed one applies to the next attempt. */
static void attempt(struct redis *redis)
{
	const char *host = redis->url.host;

	if (host != NULL && resolve_is_address(host))
		snprintf(redis->address, sizeof(redis->address), "%s", host);
	else if (host != NULL && redis->resolve == NULL)
		redis->resolve = resolve_start(host, on_resolved, redis);
	if (host == NULL || redis->address[0] != '\0')
		connect_now(redis);
}

static void on_timer(uv_timer_t *timer)
{
	struct redis *redis = timer->data;
	if (redis->context != NULL && !redis->up)
		redis_give_up(redis, redis->refused ? NULL : "no response");
	else if (redis->context == NULL)
		attempt(redis);
}

static void free_redis(struct redis *redis)
{
	redis_url_free(&redis->url);
	free(redis);
}

static int open_with(const char *text, const struct redis_listener *listener, struct redis **ret)
{
	struct redis_url url;
	int r = redis_url_parse(text, &url);
	if (r < 0)
		return r;
	struct redis *redis = calloc(1, sizeof(*redis));
	assert(redis != NULL);
	redis->url = url;
	redis->listener = listener;
	(void)uv_timer_init(loop_uv(), &redis->timer);
	uv_unref((uv_handle_t *)&redis->timer);
	redis->timer.data = redis;
	attempt(redis);
	*ret = redis;
	return 0;
}

int redis_open(const char *url, struct redis **ret)
{
	return open_with(url, NULL, ret);
}

int redis_subscribe(const char *url, const struct redis_listener *listener, struct redis **ret)
{
	return open_with(url, listener, ret);
}

static void on_timer_closed(uv_handle_t *timer)
{
	free_redis(timer->data);
}

void redis_close(struct redis *redis)
{
	if (redis == NULL)
		return;
	redis->closing = true;
	resolve_cancel(redis->resolve);
	if (redis->context != NULL)
		redis_give_up(redis, NULL);
	uv_close((uv_handle_t *)&redis->timer, on_timer_closed);
}
