/* Fibers and the loop: switching, waking, deadlines, the pool, the guard page, threads. */
#include <errno.h>
#include <poll.h>
#include <semaphore.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <uv.h>

#include "base/limits.h"
#include "fate.h"
#include "net/co.h"
#include "net/loop.h"

enum { SWITCHES = 100 * 1000 };

struct pair {
	struct co *co[2];
	int turns;
	int ended;
};

static void wait_for_ever(void)
{
	int r = co_wait(0);
	assert_int_equal(r, 0);
}

static void take_turns(void *arg)
{
	struct pair *pair = arg;
	int me = pair->co[0] == NULL ? 0 : 1;

	pair->co[me] = co_self();
	while (pair->turns < SWITCHES) {
		pair->turns++;
		if (pair->co[1 - me] != NULL)
			co_wake(pair->co[1 - me]);
		wait_for_ever();
	}
	pair->ended++;
	if (pair->ended == 1)
		co_wake(pair->co[1 - me]);
	else
		loop_stop();
}

static void two_fibers_take_turns(void **state)
{
	struct pair pair = {.turns = 0};

	assert_int_equal(co_start(take_turns, &pair), 0);
	assert_int_equal(co_start(take_turns, &pair), 0);
	loop_run();
	assert_int_equal(pair.ended, 2);
	assert_true(pair.turns >= SWITCHES);
	assert_int_equal(co_stats().running, 0);
	assert_true(co_stats().pooled >= 2);
}

static void note_timeout(void *arg)
{
	int64_t deadline_ms = loop_now_ms() + 20;

	*(int *)arg = co_wait(deadline_ms);
	assert_true(loop_now_ms() >= deadline_ms);
	loop_stop();
}

static void a_wait_ends_at_its_deadline(void **state)
{
	int r = 1;

	assert_int_equal(co_start(note_timeout, &r), 0);
	loop_run();
	assert_int_equal(r, -ETIMEDOUT);
}

static void wait_in_the_past(void *arg)
{
	*(int *)arg = co_wait(loop_now_ms() - 1);
}

static void a_deadline_that_has_passed_does_not_sleep(void **state)
{
	int r = 1;

	assert_int_equal(co_start(wait_in_the_past, &r), 0);
	assert_int_equal(r, -ETIMEDOUT);
}

static void wake_then_wait(void *arg)
{
	co_wake(co_self());
	*(int *)arg = co_wait(loop_now_ms() + 10 * 1000);
	*(int *)arg += co_wait(loop_now_ms()); /* the wake was used up */
}

static void an_early_wake_is_remembered_once(void **state)
{
	int r = 1;

	assert_int_equal(co_start(wake_then_wait, &r), 0);
	assert_int_equal(r, -ETIMEDOUT);
}

static void wake_then_sleep(void *arg)
{
	co_wake(co_self());
	co_sleep_ms(5);
	*(int *)arg = co_wait(loop_now_ms() + 10 * 1000);
	loop_stop();
}

static void sleeping_keeps_a_wake_for_later(void **state)
{
	int r = 1;

	assert_int_equal(co_start(wake_then_sleep, &r), 0);
	loop_run();
	assert_int_equal(r, 0);
}

static struct co *parked[LIMIT_FIBERS];
static int parked_count;

static void park(void *arg)
{
	parked[parked_count++] = co_self();
	wait_for_ever();
	parked_count--;
	if (parked_count == 0)
		loop_stop();
}

static void when_all_fibers_are_taken_the_next_is_refused(void **state)
{
	for (int i = 0; i < LIMIT_FIBERS; i++)
		assert_int_equal(co_start(park, NULL), 0);
	assert_int_equal(co_start(park, NULL), -EAGAIN);
	assert_int_equal(co_stats().running, LIMIT_FIBERS);
	for (int i = 0; i < LIMIT_FIBERS; i++)
		co_wake(parked[i]);
	loop_run();
	assert_int_equal(co_stats().running, 0);
	assert_int_equal(co_stats().running_max, LIMIT_FIBERS);
}

static void wait_for_trim(void *arg)
{
	co_sleep_ms(2500);
	loop_stop();
}

static void idle_stacks_are_given_back(void **state)
{
	assert_int_equal(co_start(wait_for_trim, NULL), 0);
	loop_run();
	assert_true(co_stats().pooled < 16);
}

static int nested(int depth)
{
	char frame[64];

	memset(frame, depth, sizeof(frame));
	co_sleep_ms(1);
	int below = depth == 0 ? 0 : nested(depth - 1);
	assert_int_equal(frame[depth % 64], depth);
	return below + 1;
}

static void wait_nested(void *arg)
{
	*(int *)arg = nested(30);
	loop_stop();
}

static void waits_nest_in_calls(void **state)
{
	int depth = 0;

	assert_int_equal(co_start(wait_nested, &depth), 0);
	loop_run();
	assert_int_equal(depth, 31);
}

static void add_in_thread(void *arg)
{
	*(int *)arg += 1;
}

static void use_thread(void *arg)
{
	loop_in_thread(add_in_thread, arg);
	*(int *)arg += 10;
	loop_stop();
}

static void work_runs_on_a_thread_while_the_fiber_sleeps(void **state)
{
	int sum = 0;

	assert_int_equal(co_start(use_thread, &sum), 0);
	loop_run();
	assert_int_equal(sum, 11);
}

static sigjmp_buf out;

static void leave_by_longjmp(void *arg)
{
	char frame[256];

	if (sigsetjmp(out, 0) == 0) {
		memset(frame, 1, sizeof(frame));
		co_sleep_ms(1);
		siglongjmp(out, 1);
	}
	*(int *)arg = 1;
	loop_stop();
}

static void a_fiber_may_jump_within_itself(void **state)
{
	for (int i = 0; i < 20; i++) {
		int done = 0;
		assert_int_equal(co_start(leave_by_longjmp, &done), 0);
		loop_run();
		assert_int_equal(done, 1);
	}
}

static void start_inside(void *arg)
{
	(void)!co_start(park, NULL);
}

static volatile unsigned overflow_limit = UINT32_MAX;

static unsigned overflow_depth(unsigned depth)
{
	volatile char frame[256];

	frame[0] = (char)depth;
	if (depth == overflow_limit)
		return 0;
	return overflow_depth(depth + 1) + (unsigned)frame[0];
}

static void overflow(void *arg)
{
	_exit(overflow_depth(0) == 42);
}

static void run_on_a_fiber(void *fn)
{
	(void)!co_start((void (*)(void *))fn, NULL);
}

static void an_overflowing_stack_hits_the_guard_page(void **state)
{
	assert_int_equal(fate_of(run_on_a_fiber, (void *)overflow), SIGSEGV);
}

static void a_fiber_cannot_start_another_one_nested(void **state)
{
	assert_int_equal(fate_of(run_on_a_fiber, (void *)start_inside), SIGABRT);
}

static int hook_runs;

static void count_hook(void *arg)
{
	hook_runs++;
	if (hook_runs < 1000)
		loop_rerun_hooks();
	else if (hook_runs == 1000)
		loop_stop();
}

static void hooks_run_again_as_long_as_there_is_work(void **state)
{
	static struct loop_hook hook = {.run = count_hook};

	loop_before_sleep(&hook);
	loop_run();
	assert_int_equal(hook_runs, 1000);
}

static sem_t work_may_end;

static void wait_for_leave(void *arg)
{
	(void)arg;
	while (sem_wait(&work_may_end) != 0)
		;
}

/* It never comes back: only its stack refers to the memory, which a leak checker must find. */
static void hold_memory_during_work(void *arg)
{
	char *volatile held = malloc(100);

	assert_non_null(held);
	loop_in_thread(wait_for_leave, arg);
	*(bool *)arg = true;
	free(held);
}

static void the_loop_closes_while_a_fiber_waits_for_a_thread(void **state)
{
	struct pollfd events = {.fd = uv_backend_fd(loop_uv()), .events = POLLIN};
	bool came_back = false;

	assert_int_equal(sem_init(&work_may_end, 0, 0), 0);
	assert_int_equal(co_start(hold_memory_during_work, &came_back), 0);
	loop_stop();
	loop_run();
	assert_int_equal(sem_post(&work_may_end), 0);
	assert_int_equal(poll(&events, 1, -1), 1); /* what the loop finds next */
	loop_close();
	assert_false(came_back);
	assert_int_equal(co_stats().running, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(two_fibers_take_turns),
	    cmocka_unit_test(a_wait_ends_at_its_deadline),
	    cmocka_unit_test(a_deadline_that_has_passed_does_not_sleep),
	    cmocka_unit_test(an_early_wake_is_remembered_once),
	    cmocka_unit_test(sleeping_keeps_a_wake_for_later),
	    cmocka_unit_test(waits_nest_in_calls),
	    cmocka_unit_test(work_runs_on_a_thread_while_the_fiber_sleeps),
	    cmocka_unit_test(a_fiber_may_jump_within_itself),
	    cmocka_unit_test(when_all_fibers_are_taken_the_next_is_refused),
	    cmocka_unit_test(idle_stacks_are_given_back),
	    cmocka_unit_test(an_overflowing_stack_hits_the_guard_page),
	    cmocka_unit_test(a_fiber_cannot_start_another_one_nested),
	    cmocka_unit_test(hooks_run_again_as_long_as_there_is_work),
	    cmocka_unit_test(the_loop_closes_while_a_fiber_waits_for_a_thread),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
