#include <assert.h>
#include <hiredis/hiredis.h>
#include <stdlib.h>
#include <uv.h>

#include "net/loop.h"
#include "store/redis_internal.h"

/* hiredis' view of a socket in our loop; one per connection. */
struct watch {
	uv_poll_t poll;
	redisAsyncContext *context; /* NULL once hiredis has released it */
	int events;
};

static void on_event(uv_poll_t *poll, int status, int events)
{
	struct watch *watch = poll->data;
	/* hiredis detects errors by reading. */
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

int redis_watch(redisAsyncContext *context)
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
