/* Tasks queue for the same keys. */
#include "unit.h"

#include "fibers.h"
#include "task/key_lock.h"

enum { KEYS = 6, TASKS = 40, ROUNDS = 20, MINUTE_MS = 60 * 1000 };

static struct uuid keys[KEYS];
static const struct task *holders[KEYS];
static struct gang gang;
static int order[TASKS], order_count;
static int64_t deadline_ms;
static int refused;

/* A task on the calling fiber. */
static const struct problem_code *run(void (*body)(struct task *task), int64_t until_ms)
{
	struct task task = {.deadline_ms = until_ms};

	task.arena = arena_new(1024 * 1024, task_arena_full, &task);
	(void)task_run(&task, body);
	assert_null(task.key_lock);
	arena_free(task.arena);
	return task.problem.code;
}

static void each(void (*fn)(void *arg), int count)
{
	gang.running = (unsigned)count;
	for (intptr_t i = 0; i < count; i++)
		assert_int_equal(co_start(fn, (void *)i), 0);
}

static void join(void *arg)
{
	gang_join(&gang);
}

/* Some of the keys, some of them twice; while it has them nobody else does. */
static void hold_some(struct task *task)
{
	struct uuid some[KEYS];
	int which[KEYS];
	size_t count = (size_t)random_between(1, KEYS);

	for (size_t i = 0; i < count; i++) {
		which[i] = (int)random_between(0, KEYS - 1);
		some[i] = keys[which[i]];
	}
	key_lock_acquire(task, count, some);
	for (size_t i = 0; i < count; i++) {
		assert_true(holders[which[i]] == NULL || holders[which[i]] == task);
		holders[which[i]] = task;
	}
	co_sleep_ms(random_between(0, 1));
	for (size_t i = 0; i < count; i++)
		holders[which[i]] = NULL;
	switch (random_between(0, 2)) {
	case 0:
		key_lock_release(task);
		co_sleep_ms(1);
		break;
	case 1:
		task_end(task, PROBLEM_CONFLICT, "It is all the same.");
	default:
		break;
	}
}

static void hold_some_often(void *arg)
{
	for (int i = 0; i < ROUNDS; i++)
		(void)run(hold_some, loop_now_ms() + MINUTE_MS);
	gang_leave(&gang);
}

static void nobody_has_what_another_has_and_all_come_to_an_end(void **state)
{
	each(hold_some_often, TASKS);
	on_fiber(join, NULL);
}

static void hold_first(struct task *task)
{
	key_lock_acquire(task, 1, keys);
	co_sleep_ms(1);
}

static void note_order(void *number)
{
	assert_int_equal(run(hold_first, loop_now_ms() + MINUTE_MS), PROBLEM_NONE);
	order[order_count++] = (int)(intptr_t)number;
	gang_leave(&gang);
}

static void who_comes_first_is_served_first(void **state)
{
	order_count = 0;
	each(note_order, TASKS);
	on_fiber(join, NULL);
	for (int i = 0; i < TASKS; i++)
		assert_int_equal(order[i], i);
}

static void hold_until_all_but_one_are_refused(struct task *task)
{
	key_lock_acquire(task, 1, keys);
	while (refused < TASKS - 2)
		co_sleep_ms(1);
}

/* The first holds it too long for every other one; of these the last waits long enough. */
static void wait_too_long(void *number)
{
	int me = (int)(intptr_t)number;
	bool patient = me == 0 || me == TASKS - 1;
	const struct problem_code *code =
	    run(me == 0 ? hold_until_all_but_one_are_refused : hold_first,
	        patient ? loop_now_ms() + MINUTE_MS : deadline_ms);

	refused += code == PROBLEM_OVERLOADED;
	assert_int_equal(code, patient ? PROBLEM_NONE : PROBLEM_OVERLOADED);
	gang_leave(&gang);
}

static void who_waits_too_long_is_told_and_holds_up_nobody(void **state)
{
	deadline_ms = loop_now_ms() + 20;
	refused = 0;
	each(wait_too_long, TASKS);
	on_fiber(join, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(nobody_has_what_another_has_and_all_come_to_an_end),
	    cmocka_unit_test(who_comes_first_is_served_first),
	    cmocka_unit_test(who_waits_too_long_is_told_and_holds_up_nobody),
	};

	random_begin();
	for (int i = 0; i < KEYS; i++)
		keys[i] = uuid_v7();
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	loop_close();
	return failed;
}
