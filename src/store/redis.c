#include "store/redis.h"

#include <assert.h>
#include <errno.h>
#include <hiredis/hiredis.h>
#include <stdlib.h>

#include "base/limits.h"
#include "net/co.h"
#include "net/loop.h"
#include "store/redis_internal.h"

enum { SILENCE_MS = 2000 }; /* no input for this long while commands wait: the peer is dead */

/* One call; separate from its fiber, because the reply may arrive after the fiber has ended. */
struct call {
	struct redis *redis;
	struct co *co; /* NULL: abandoned */
	redisReply *reply;
	bool done;
};

/* hiredis frees replies after our callback; this one is handed to the caller. */
static void *taken_reply;
static redisReplyObjectFunctions reply_functions;

static void free_unless_taken(void *reply)
{
	if (reply != NULL && reply == taken_reply)
		taken_reply = NULL;
	else
		freeReplyObject(reply);
}

void redis_take_replies(redisAsyncContext *context)
{
	reply_functions = *context->c.reader->fn;
	reply_functions.freeObject = free_unless_taken;
	context->c.reader->fn = &reply_functions;
}

bool redis_is_up(const struct redis *redis)
{
	return redis->up;
}

/* Updates the connection's state from a reply; NULL: the connection is lost. */
static void heard(struct redis *redis, const redisReply *reply)
{
	if (reply == NULL)
		return;
	redis->heard_ms = loop_now_ms();
	assert(redis->pending > 0);
	redis->pending--;
}

static void on_sent(redisAsyncContext *context, void *reply, void *arg)
{
	(void)context;
	heard(arg, reply);
}

static void on_reply(redisAsyncContext *context, void *reply, void *data)
{
	struct call *call = data;
	(void)context;
	heard(call->redis, reply);
	if (call->co == NULL) {
		free(call); /* abandoned: hiredis frees the reply */
		return;
	}
	assert(!call->done && taken_reply == NULL);
	taken_reply = reply;
	call->reply = reply;
	call->done = true;
	co_wake(call->co);
}

static void give_up_when_silent(struct redis *redis)
{
	if (redis->up && redis->pending > 0 && loop_now_ms() - redis->heard_ms > SILENCE_MS)
		redis_give_up(redis, "no response");
}

/* Sends a command on an open connection. False when it cannot be sent. */
static bool send_command(struct redis *redis, redisCallbackFn *fn, void *arg, int argc,
                         const char *const argv[], const size_t lengths[])
{
	give_up_when_silent(redis);
	if (!redis->up || redis->pending >= LIMIT_REDIS_PENDING)
		return false;
	/* hiredis copies the arguments, although they are not declared const. */
	if (redisAsyncCommandArgv(redis->context, fn, arg, argc, (const char **)argv, lengths) !=
	    REDIS_OK)
		return false;
	if (redis->pending++ == 0)
		redis->heard_ms = loop_now_ms();
	return true;
}

int redis_call(struct redis *redis, int64_t deadline_ms, struct redisReply **ret, int argc,
               const char *const argv[], const size_t lengths[])
{
	assert(co_self() != NULL && redis->listener == NULL);
	struct call *call = calloc(1, sizeof(*call));
	assert(call != NULL);
	call->redis = redis;
	call->co = co_self();
	if (!send_command(redis, on_reply, call, argc, argv, lengths)) {
		free(call);
		return -EHOSTDOWN;
	}
	while (!call->done) {
		if (co_wait(deadline_ms) == -ETIMEDOUT && !call->done) {
			call->co = NULL;
			give_up_when_silent(redis);
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

void redis_send(struct redis *redis, int argc, const char *const argv[], const size_t lengths[])
{
	assert(argc > 0 && redis->listener == NULL);
	(void)send_command(redis, on_sent, redis, argc, argv, lengths);
}
