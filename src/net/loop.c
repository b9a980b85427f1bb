#include "net/loop.h"

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>

#include "net/co.h"

/* Hooks that keep waking each other must not starve sockets and timers. */
enum { HOOK_ROUNDS_MAX = 64 };

static struct {
	uv_loop_t uv;
	uv_prepare_t prepare;
	uv_idle_t idle; /* active while there is work, so that the loop polls without blocking */
	struct loop_hook *first;
	struct loop_hook **last;
	bool made;
	bool in_hooks;
	bool again;
} loop = {.last = &loop.first};

static void on_idle(uv_idle_t *idle)
{
	(void)idle;
}

static void on_prepare(uv_prepare_t *prepare)
{
	(void)prepare;
	int rounds = 0;

	assert(!loop.in_hooks && co_self() == NULL);
	(void)uv_idle_stop(&loop.idle);
	loop.in_hooks = true;
	do {
		loop.again = false;
		for (struct loop_hook *hook = loop.first; hook != NULL; hook = hook->next)
			hook->run(hook->arg);
		rounds++;
	} while (loop.again && rounds < HOOK_ROUNDS_MAX);
	loop.in_hooks = false;
	if (loop.again)
		(void)uv_idle_start(&loop.idle, on_idle);
}

uv_loop_t *loop_uv(void)
{
	if (!loop.made) {
		loop.made = true;
		int r = uv_loop_init(&loop.uv);
		assert(r == 0); /* only at start-up, and fatal */
		(void)uv_prepare_init(&loop.uv, &loop.prepare);
		(void)uv_idle_init(&loop.uv, &loop.idle);
		(void)uv_prepare_start(&loop.prepare, on_prepare);
	}
	return &loop.uv;
}

int64_t loop_now_ms(void)
{
	return (int64_t)uv_now(loop_uv());
}

void loop_run(void)
{
	assert(co_self() == NULL);
	(void)uv_run(loop_uv(), UV_RUN_DEFAULT);
}

void loop_stop(void)
{
	uv_stop(loop_uv());
}

static void close_handle(uv_handle_t *handle, void *arg)
{
	(void)arg;
	if (!uv_is_closing(handle))
		uv_close(handle, NULL);
}

void loop_close(void)
{
	assert(!loop.in_hooks && co_self() == NULL);
	if (!loop.made)
		return;
	uv_walk(&loop.uv, close_handle, NULL);
	(void)uv_run(&loop.uv, UV_RUN_DEFAULT);
	int r = uv_loop_close(&loop.uv);
	assert(r == 0);
}

void loop_before_sleep(struct loop_hook *hook)
{
	assert(hook->run != NULL && *loop.last == NULL);
	(void)loop_uv();
	hook->next = NULL;
	*loop.last = hook;
	loop.last = &hook->next;
}

void loop_rerun_hooks(void)
{
	(void)loop_uv();
	loop.again = true;
	/* Outside of hooks, wake the loop: they might run only after the next sleep. A thread may
	 * finish its work while the loop closes, which runs no more hooks. */
	if (!loop.in_hooks && !uv_is_closing((uv_handle_t *)&loop.idle))
		(void)uv_idle_start(&loop.idle, on_idle);
}

struct thread_work {
	uv_work_t request;
	void (*work)(void *arg);
	void *arg;
	struct co *co;
	bool done;
};

static void run_work(uv_work_t *request)
{
	struct thread_work *work = request->data;

	work->work(work->arg);
}

static void finish_work(uv_work_t *request, int status)
{
	(void)status; /* never cancelled */
	struct thread_work *work = request->data;

	assert(!work->done);
	work->done = true;
	co_wake(work->co);
}

void loop_in_thread(void (*work)(void *arg), void *arg)
{
	struct thread_work it = {.work = work, .arg = arg, .co = co_self()};

	assert(it.co != NULL);
	it.request.data = &it;
	int r = uv_queue_work(loop_uv(), &it.request, run_work, finish_work);
	assert(r == 0); /* fails only without a work function */
	while (!it.done)
		(void)co_wait(0);
}
