#include "store/redis.h"

#include <assert.h>
#include <errno.h>
#include <hiredis/async.h>
#include <hiredis/hiredis.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "base/backoff.h"
#include "net/co.h"
#include "net/loop.h"

enum {
	BACKOFF_FIRST_MS = 50,
	BACKOFF_MAX_MS = 2000,
	CONNECT_MS = 2000,
	SILENCE_MS = 2000, /* a call has timed out and nothing came for so long: the peer is dead */
	DEFAULT_PORT = 6379,
};

struct redis {
	char *path; /* of a unix socket, or NULL */
	char *host;
	int port;
	char *password;             /* or NULL */
	redisAsyncContext *context; /* NULL while there is no connection */
	bool up;
	bool closing;
	unsigned failures;
	int64_t heard_ms;
	const struct redis_listener *listener; /* NULL unless it only listens */
	uv_timer_t timer;                      /* the next attempt, or the end of this one */
};

/* One call; apart from its fiber, for the reply may come after the fiber has gone. */
struct call {
	struct redis *redis;
	struct co *co; /* NULL: nobody waits any more */
	redisReply *reply;
	bool done;
};

/* hiredis' view of a socket in our loop; one per connection. */
struct watch {
	uv_poll_t poll;
	redisAsyncContext *context; /* NULL once hiredis has let go of it */
	int events;
};

/* A reply belongs to hiredis, which frees it behind our callback; this one goes to the caller. */
static void *taken_reply;
static redisReplyObjectFunctions reply_functions;

static void free_unless_taken(void *reply)
{
	if (reply != NULL && reply == taken_reply)
		taken_reply = NULL;
	else
		freeReplyObject(reply);
}

static void on_event(uv_poll_t *poll, int status, int events)
{
	struct watch *watch = poll->data;
	/* hiredis learns of errors by reading. */
	if (watch->context != NULL && (status < 0 || (events & UV_READABLE) != 0))
		redisAsyncHandleRead(watch->context);
	if (watch->context != NULL && (events & UV_WRITABLE) != 0)
		redisAsyncHandleWrite(watch->context);
}

static void want(struct watch *watch, int events)
{
	if (events == watch->events)
		return;
	watch->events = events;
	if (events == 0)
		(void)uv_poll_stop(&watch->poll);
	else
		(void)uv_poll_start(&watch->poll, events, on_event);
}

static void add_read(void *data)
{
	struct watch *watch = data;
	want(watch, watch->events | UV_READABLE);
}

static void del_read(void *data)
{
	struct watch *watch = data;
	want(watch, watch->events & ~UV_READABLE);
}

static void add_write(void *data)
{
	struct watch *watch = data;
	want(watch, watch->events | UV_WRITABLE);
}

static void del_write(void *data)
{
	struct watch *watch = data;
	want(watch, watch->events & ~UV_WRITABLE);
}

static void free_watch(uv_handle_t *handle)
{
	free(handle->data);
}

static void cleanup(void *data)
{
	struct watch *watch = data;
	watch->context = NULL;
	uv_close((uv_handle_t *)&watch->poll, free_watch);
}

static int attach(redisAsyncContext *context)
{
	struct watch *watch = calloc(1, sizeof(*watch));
	assert(watch != NULL);
	watch->context = context;
	int r = uv_poll_init(loop_uv(), &watch->poll, context->c.fd);
	if (r < 0) {
		free(watch);
		return r;
	}
	watch->poll.data = watch;
	context->ev.addRead = add_read;
	context->ev.delRead = del_read;
	context->ev.addWrite = add_write;
	context->ev.delWrite = del_write;
	context->ev.cleanup = cleanup;
	context->ev.data = watch;
	return 0;
}

static void on_timer(uv_timer_t *timer);

static void down(struct redis *redis)
{
	redis->up = false;
	redis->context = NULL; /* hiredis frees it */
	if (redis->closing)
		return;
	int64_t delay_ms =
	    backoff_ms(redis->failures++, BACKOFF_FIRST_MS, BACKOFF_MAX_MS, randombytes_random());
	(void)uv_timer_start(&redis->timer, on_timer, (uint64_t)delay_ms, 0);
}

/* {"message", channel, bytes}, or a confirmation, or NULL when the connection is lost. */
static void on_message(redisAsyncContext *context, void *data, void *arg)
{
	const struct redis *redis = arg;
	const redisReply *reply = data;

	(void)context;
	if (reply == NULL || reply->type != REDIS_REPLY_ARRAY || reply->elements != 3 ||
	    reply->element[2]->type != REDIS_REPLY_STRING ||
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

static void on_connect(const redisAsyncContext *context, int status)
{
	struct redis *redis = context->data;
	if (status != REDIS_OK) {
		down(redis);
		return;
	}
	redis->up = true;
	redis->failures = 0;
	redis->heard_ms = loop_now_ms();
	(void)uv_timer_stop(&redis->timer);
	if (redis->listener == NULL)
		return;
	if (redis->path == NULL) /* who only listens learns of a dead peer by nothing else */
		(void)redisEnableKeepAlive(&redis->context->c);
	listen_to_channels(redis);
}

static void on_disconnect(const redisAsyncContext *context, int status)
{
	(void)status;
	down(context->data);
}

static void give_up(struct redis *redis)
{
	redisAsyncContext *context = redis->context;
	bool was_up = redis->up;
	redisAsyncFree(context); /* tells every call, and on_disconnect when it was connected */
	if (!was_up)
		down(redis);
}

static void connect_now(struct redis *redis)
{
	redisAsyncContext *context = redis->path != NULL
	                                 ? redisAsyncConnectUnix(redis->path)
	                                 : redisAsyncConnect(redis->host, redis->port);
	assert(context != NULL);
	if (context->err != 0 || attach(context) < 0) {
		redisAsyncFree(context);
		down(redis);
		return;
	}
	reply_functions = *context->c.reader->fn;
	reply_functions.freeObject = free_unless_taken;
	context->c.reader->fn = &reply_functions;
	context->data = redis;
	redis->context = context;
	(void)redisAsyncSetDisconnectCallback(context, on_disconnect);
	(void)redisAsyncSetConnectCallback(context, on_connect);
	(void)uv_timer_start(&redis->timer, on_timer, CONNECT_MS, 0);
	if (redis->password != NULL)
		(void)redisAsyncCommand(context, NULL, NULL, "AUTH %s", redis->password);
}

static void on_timer(uv_timer_t *timer)
{
	struct redis *redis = timer->data;
	if (redis->context != NULL && !redis->up)
		give_up(redis);
	else if (redis->context == NULL)
		connect_now(redis);
}

static char *copy_range(const char *from, const char *to)
{
	char *copy = strndup(from, (size_t)(to - from));
	assert(copy != NULL);
	return copy;
}

/* redis://[user:password@]host[:port][/] with an empty user, or unix:/path */
static int parse_url(const char *url, struct redis *redis)
{
	static const char UNIX[] = "unix:", TCP[] = "redis://";
	if (strncmp(url, UNIX, strlen(UNIX)) == 0) {
		const char *path = url + strlen(UNIX);
		if (path[0] != '/')
			return -EINVAL;
		redis->path = copy_range(path, path + strlen(path));
		return 0;
	}
	if (strncmp(url, TCP, strlen(TCP)) != 0)
		return -EINVAL;
	const char *at = url + strlen(TCP);
	const char *end = at + strcspn(at, "/");
	const char *sign = memrchr(at, '@', (size_t)(end - at));
	if (sign != NULL) {
		const char *colon = memchr(at, ':', (size_t)(sign - at));
		if (colon == NULL)
			return -EINVAL;
		redis->password = copy_range(colon + 1, sign);
		at = sign + 1;
	}
	const char *colon = memrchr(at, ':', (size_t)(end - at));
	redis->port = DEFAULT_PORT;
	if (colon != NULL) {
		redis->port = atoi(colon + 1);
		end = colon;
	}
	redis->host = copy_range(at, end);
	bool good = end > at && redis->port > 0 && redis->port < 65536;
	return good ? 0 : -EINVAL;
}

static void free_redis(struct redis *redis)
{
	free(redis->path);
	free(redis->host);
	free(redis->password);
	free(redis);
}

static int open_with(const char *url, const struct redis_listener *listener, struct redis **ret)
{
	struct redis *redis = calloc(1, sizeof(*redis));
	assert(redis != NULL);
	redis->listener = listener;
	int r = parse_url(url, redis);
	if (r < 0) {
		free_redis(redis);
		return r;
	}
	(void)uv_timer_init(loop_uv(), &redis->timer);
	uv_unref((uv_handle_t *)&redis->timer);
	redis->timer.data = redis;
	connect_now(redis);
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
	if (redis->context != NULL)
		give_up(redis);
	uv_close((uv_handle_t *)&redis->timer, on_timer_closed);
}

bool redis_is_up(const struct redis *redis)
{
	return redis->up;
}

static void on_reply(redisAsyncContext *context, void *reply, void *data)
{
	struct call *call = data;
	if (reply != NULL)
		call->redis->heard_ms = loop_now_ms();
	if (call->co == NULL) {
		free(call); /* nobody waits: hiredis frees the reply */
		return;
	}
	taken_reply = reply;
	call->reply = reply;
	call->done = true;
	co_wake(call->co);
}

int redis_call(struct redis *redis, int64_t deadline_ms, struct redisReply **ret, int argc,
               const char *const argv[], const size_t lengths[])
{
	assert(co_self() != NULL && redis->listener == NULL);
	if (!redis->up)
		return -EHOSTDOWN;
	struct call *call = calloc(1, sizeof(*call));
	assert(call != NULL);
	call->redis = redis;
	call->co = co_self();
	/* hiredis copies the arguments, though it does not say const. */
	if (redisAsyncCommandArgv(redis->context, on_reply, call, argc, (const char **)argv,
	                          lengths) != REDIS_OK) {
		free(call);
		return -EHOSTDOWN;
	}
	while (!call->done) {
		if (co_wait(deadline_ms) == -ETIMEDOUT && !call->done) {
			call->co = NULL;
			if (redis->up && loop_now_ms() - redis->heard_ms > SILENCE_MS)
				give_up(redis);
			return -ETIMEDOUT;
		}
	}
	redisReply *reply = call->reply;
	free(call);
	if (reply == NULL)
		return -EHOSTDOWN;
	*ret = reply;
	return 0;
}

void redis_tell(struct redis *redis, int argc, const char *const argv[], const size_t lengths[])
{
	if (redis->up)
		(void)redisAsyncCommandArgv(redis->context, NULL, NULL, argc, (const char **)argv,
		                            lengths);
}

bool redis_url_is_good(const char *url)
{
	struct redis *redis = calloc(1, sizeof(*redis));
	assert(redis != NULL);
	bool good = parse_url(url, redis) == 0;
	free_redis(redis);
	return good;
}
