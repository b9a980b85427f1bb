#include "net/co_internal.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <stddef.h>

#include "base/limits.h"
#include "net/loop.h"

#ifdef CO_ASAN
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#include <sanitizer/lsan_interface.h>
#endif

static struct {
	struct co *self;
	struct co_context context; /* the loop's own */
	pthread_t thread;
	bool attached;
	struct co *ready_first;
	struct co **ready_last;
	struct co_stats stats;
	struct loop_hook hook;
#ifdef CO_ASAN
	const void *stack_bottom; /* the loop's */
	size_t stack_bytes;
	void *fake_stack;
#endif
} all = {.ready_last = &all.ready_first};

static void assert_thread(void)
{
	assert(all.attached && pthread_equal(all.thread, pthread_self()));
}

/* LeakSanitizer searches the stacks of threads for pointers, but not ours: without this, memory
 * of a fiber that still waits when the process ends would be a leak. */
static void stack_is_in_use(struct co *co, bool in_use)
{
#ifdef CO_ASAN
	if (in_use)
		__lsan_register_root_region(co->stack, co->stack_bytes);
	else
		__lsan_unregister_root_region(co->stack, co->stack_bytes);
#endif
	(void)co;
	(void)in_use;
}

/* Switching: into a fiber from the loop, and back. */

static void arrived_in_fiber(void *fake_stack)
{
#ifdef CO_ASAN
	__sanitizer_finish_switch_fiber(fake_stack, &all.stack_bottom, &all.stack_bytes);
#endif
	(void)fake_stack;
}

static void leave_fiber(struct co *co, bool for_good)
{
	void *fake_stack = NULL;

	assert(all.self == co);
#ifdef CO_ASAN
	__sanitizer_start_switch_fiber(for_good ? NULL : &fake_stack, all.stack_bottom,
	                               all.stack_bytes);
#endif
	(void)for_good;
	co_context_switch(&co->context, &all.context);
	arrived_in_fiber(fake_stack);
}

/* Its own frame is never unwound, so it must not leave poison on a stack that is used again. */
__attribute__((no_sanitize("address"), noreturn)) static void fiber_main(void)
{
	arrived_in_fiber(NULL);
	all.self->fn(all.self->arg);
	all.self->state = CO_POOLED;
	leave_fiber(all.self, true);
	__builtin_unreachable();
}

static void resume(struct co *co)
{
	assert_thread();
	assert(all.self == NULL); /* from the loop only */
	assert(co->state == CO_READY);
	co->state = CO_RUNNING;
	all.self = co;
#ifdef CO_ASAN
	__sanitizer_start_switch_fiber(&all.fake_stack, co->stack, co->stack_bytes);
#endif
	co_context_switch(&all.context, &co->context);
#ifdef CO_ASAN
	__sanitizer_finish_switch_fiber(all.fake_stack, NULL, NULL);
#endif
	all.self = NULL;
	assert(co->state == CO_WAITING || co->state == CO_POOLED);
	if (co->state == CO_POOLED) {
		assert(all.stats.running > 0);
		all.stats.running--;
		stack_is_in_use(co, false);
		co_pool_give(co);
	}
}

/* The ready list. */

static void make_ready(struct co *co)
{
	if (co->state != CO_WAITING)
		return;
	co->state = CO_READY;
	co->next = NULL;
	assert(*all.ready_last == NULL);
	*all.ready_last = co;
	all.ready_last = &co->next;
	loop_rerun_hooks();
}

/* Resumes the fibers that are ready now; fibers that they wake run in the next round. */
static void run_ready(void *arg)
{
	(void)arg;
	struct co *co = all.ready_first;

	all.ready_first = NULL;
	all.ready_last = &all.ready_first;
	while (co != NULL) {
		struct co *next = co->next;
		resume(co);
		co = next;
	}
}

static void on_deadline(uv_timer_t *timer)
{
	make_ready(timer->data);
}

static void attach(void)
{
	all.attached = true;
	all.thread = pthread_self();
	all.hook.run = run_ready;
	loop_before_sleep(&all.hook);
}

int co_start(void (*fn)(void *arg), void *arg)
{
	if (!all.attached)
		attach();
	assert_thread();
	assert(all.self == NULL && fn != NULL);
	if (all.stats.running >= LIMIT_FIBERS)
		return -EAGAIN;
	struct co *co = co_pool_take();
	if (co == NULL)
		return -EAGAIN;
	assert(co->state == CO_POOLED);
	all.stats.running++;
	assert(all.stats.running <= LIMIT_FIBERS);
	if (all.stats.running > all.stats.running_max)
		all.stats.running_max = all.stats.running;
	co->fn = fn;
	co->arg = arg;
	co->woken = false;
	co->scarce = 0;
	co->cause = NULL;
	co->state = CO_READY;
#ifdef CO_ASAN
	/* The previous user of this stack may have left it by longjmp. */
	ASAN_UNPOISON_MEMORY_REGION(co->stack, co->stack_bytes);
#endif
	stack_is_in_use(co, true);
	co_context_enter(&co->context, co->stack, co->stack_bytes, fiber_main);
	resume(co);
	return 0;
}

struct co *co_self(void)
{
	return all.self;
}

int co_wait(int64_t deadline_ms)
{
	struct co *co = all.self;

	assert(co != NULL);
	assert_thread();
	if (!co->woken) {
		int64_t left_ms = deadline_ms - loop_now_ms();
		if (deadline_ms != 0 && left_ms <= 0)
			return -ETIMEDOUT;
		if (deadline_ms != 0)
			(void)uv_timer_start(&co->timer, on_deadline, (uint64_t)left_ms, 0);
		co->state = CO_WAITING;
		leave_fiber(co, false);
		(void)uv_timer_stop(&co->timer);
	}
	assert(all.self == co && co->state == CO_RUNNING);
	int r = co->woken ? 0 : -ETIMEDOUT;
	co->woken = false;
	return r;
}

void co_wake(struct co *co)
{
	assert_thread();
	assert(co->state != CO_POOLED); /* the fiber has ended: the caller kept a stale pointer */
	co->woken = true;
	make_ready(co);
}

void co_sleep_ms(int64_t duration_ms)
{
	int64_t deadline_ms = loop_now_ms() + (duration_ms > 0 ? duration_ms : 1);
	bool woken = false;

	assert(deadline_ms != 0); /* it would wait for ever */
	while (co_wait(deadline_ms) == 0)
		woken = true;
	all.self->woken = woken; /* another fiber: its next co_wait returns at once */
}

void co_scarce_taken(void)
{
	assert(all.self != NULL);
	all.self->scarce++;
}

void co_scarce_returned(void)
{
	assert(all.self != NULL && all.self->scarce > 0);
	all.self->scarce--;
}

bool co_has_scarce(void)
{
	return all.self != NULL && all.self->scarce > 0;
}

void co_set_cause(const void *cause)
{
	assert(all.self != NULL);
	all.self->cause = cause;
}

const void *co_cause(void)
{
	return all.self != NULL ? all.self->cause : NULL;
}

struct co_stats co_stats(void)
{
	struct co_stats stats = all.stats;

	stats.pooled = co_pool_count();
	return stats;
}
