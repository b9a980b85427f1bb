/* The gate in front of password hashing: few at once, some in a queue, the rest refused. */
#include "unit.h"

#include "base/limits.h"
#include "net/co.h"
#include "net/loop.h"
#include "shop/accounts/password.h"

enum { ROOM = LIMIT_PASSWORD_HASHES + LIMIT_PASSWORD_QUEUE, ARENA_BYTES = 64 * 1024 };

struct person {
	struct task task;
	const char *hash; /* what was made, or is to be matched */
	bool matched;
	bool good; /* the task was not ended */
};

static unsigned under_way;

static void match_body(struct task *task)
{
	struct person *person = (struct person *)(void *)task;

	person->matched = password_matches(task, person->hash, "correct horse", NULL);
}

static void hash_body(struct task *task)
{
	struct person *person = (struct person *)(void *)task;
	const char *hash = password_hash(task, "correct horse");

	assert_false(password_is_outdated(hash));
	person->matched = password_matches(task, hash, "correct horse", NULL) &&
	                  !password_matches(task, hash, "correct house", NULL);
}

static void finish(struct person *person, bool good)
{
	person->good = good;
	if (--under_way == 0)
		loop_stop();
}

static void match(void *arg)
{
	struct person *person = arg;

	finish(person, task_run(&person->task, match_body));
}

static void hash(void *arg)
{
	struct person *person = arg;

	finish(person, task_run(&person->task, hash_body));
}

static void start(struct person *person, void (*run)(void *arg), int64_t deadline_ms)
{
	*person = (struct person){.task = {.deadline_ms = deadline_ms, .name = "test"}};
	person->task.arena = arena_new(ARENA_BYTES, task_arena_full, &person->task);
	under_way++;
	assert_int_equal(co_start(run, person), 0);
}

static void test_a_hash_matches_its_password_and_no_other(void **state)
{
	struct person person;

	(void)state;
	start(&person, hash, 0);
	loop_run();
	assert_true(person.good && person.matched);
	arena_free(person.task.arena);
}

static void test_nobody_has_no_password(void **state)
{
	struct person person;

	(void)state;
	start(&person, match, 0);
	loop_run();
	assert_true(person.good);
	assert_false(person.matched);
	arena_free(person.task.arena);
}

static void test_a_full_queue_refuses_at_once_and_is_empty_again_later(void **state)
{
	static struct person crowd[ROOM + 1];

	(void)state;
	for (int i = 0; i <= ROOM; i++)
		start(&crowd[i], match, loop_now_ms() + 1);
	/* The last one never waited; those before it wait for their deadline. */
	assert_false(crowd[ROOM].good);
	assert_int_equal(under_way, ROOM);
	assert_int_equal(crowd[ROOM].task.problem.code, PROBLEM_OVERLOADED);
	assert_true(crowd[ROOM].task.problem.retry_after_s > 0);
	loop_run();
	for (int i = 0; i < ROOM; i++)
		assert_true(crowd[i].good || crowd[i].task.problem.code == PROBLEM_OVERLOADED);
	for (int i = 0; i < LIMIT_PASSWORD_HASHES; i++)
		assert_true(crowd[i].good);
	for (int i = 0; i <= ROOM; i++)
		arena_free(crowd[i].task.arena);

	/* Whoever gave up left no place taken behind. */
	for (int i = 0; i < 2 * LIMIT_PASSWORD_HASHES; i++)
		start(&crowd[i], match, 0);
	loop_run();
	for (int i = 0; i < 2 * LIMIT_PASSWORD_HASHES; i++) {
		assert_true(crowd[i].good);
		arena_free(crowd[i].task.arena);
	}
}

int main(void)
{
	static const struct CMUnitTest TESTS[] = {
	    cmocka_unit_test(test_a_hash_matches_its_password_and_no_other),
	    cmocka_unit_test(test_nobody_has_no_password),
	    cmocka_unit_test(test_a_full_queue_refuses_at_once_and_is_empty_again_later),
	};
	int failed = sodium_init() < 0 ? 1 : cmocka_run_group_tests(TESTS, NULL, NULL);

	loop_close();
	return failed;
}
