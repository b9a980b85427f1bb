/* What a commit keeps, and what goes with it, against a real PostgreSQL. */
#include "db_work.h"

#include "things.sql.h"

static void begin_and_end(struct task *task)
{
	struct db *tx = db_begin(task);
	sql_add_thing(tx, 10, "ten");
	assert_int_equal(rows_count(sql_thing(tx, 10)), 1);
	task_end(task, PROBLEM_CONFLICT, "changed my mind about %d", 10);
}

static void begin_and_forget(struct task *task)
{
	sql_add_thing(db_begin(task), 10, "ten");
}

static void ten_is_not_there(struct task *task)
{
	assert_int_equal(rows_count(sql_thing(db_of(task), 10)), 0);
}

static void begin_and_commit(struct task *task)
{
	struct db *tx = db_begin(task);
	struct db *chain = db_chain(tx);
	sql_add_thing(chain, 10, "ten");
	struct rows *rows = sql_thing(chain, 10);
	db_run(chain);
	assert_int_equal(rows_count(rows), 1);
	db_commit(tx);
	assert_int_equal(task->round_trips, 3);
	assert_int_equal(rows_count(sql_thing(db_of(task), 10)), 1);
}

static void a_transaction_that_is_not_committed_is_gone(void *arg)
{
	assert_int_equal(outcome(begin_and_end), PROBLEM_CONFLICT);
	assert_int_equal(outcome(ten_is_not_there), PROBLEM_NONE);
	assert_int_equal(outcome(begin_and_forget), PROBLEM_NONE);
	assert_int_equal(outcome(ten_is_not_there), PROBLEM_NONE);
	assert_int_equal(outcome(begin_and_commit), PROBLEM_NONE);
}

static int commits_seen;

static void add_last(struct db *last, void *arg)
{
	sql_add_thing(last, *(int *)arg, "last");
}

static void count_commit(struct db *db, void *arg)
{
	assert_non_null(db);
	assert_ptr_equal(arg, &commits_seen);
	commits_seen++;
}

static void batch_with_hooks(struct task *task)
{
	static int id = 60;
	struct db *batch = db_batch(task);
	sql_add_thing(batch, 61, "first");
	db_before_commit(batch, add_last, &id);
	db_on_commit(batch, count_commit, &commits_seen);
	assert_ptr_equal(db_commit_arg(batch, add_last), &id);
	db_run(batch);
	assert_int_equal(task->round_trips, 1);
	assert_int_equal(rows_count(sql_thing(db_of(task), 60)), 1);
}

static void transaction_with_hooks(struct task *task)
{
	static int id = 62;
	struct db *tx = db_begin(task);
	struct db *chain = db_chain(tx);
	db_before_commit(chain, add_last, &id);
	db_on_commit(chain, count_commit, &commits_seen);
	assert_ptr_equal(db_commit_arg(tx, add_last), &id);
	sql_add_thing(chain, 63, "first");
	db_run(chain);
	assert_int_equal(rows_count(sql_thing(tx, 62)), 0);
	unsigned before = task->round_trips;
	db_commit(tx);
	assert_int_equal(task->round_trips, before + 1);
	assert_int_equal(rows_count(sql_thing(db_of(task), 62)), 1);
}

static void hooks_of_what_fails(struct task *task)
{
	static int id = 60; /* is there already */
	struct db *batch = db_batch(task);
	db_before_commit(batch, add_last, &id);
	db_on_commit(batch, count_commit, &commits_seen);
	db_run(batch);
}

static void hooks_go_with_the_commit(void *arg)
{
	assert_int_equal(outcome(batch_with_hooks), PROBLEM_NONE);
	assert_int_equal(commits_seen, 1);
	assert_int_equal(outcome(transaction_with_hooks), PROBLEM_NONE);
	assert_int_equal(commits_seen, 2);
	assert_int_equal(outcome(hooks_of_what_fails), PROBLEM_EXISTS);
	assert_int_equal(commits_seen, 2);
}

TEST(only_a_commit_keeps_a_transaction, a_transaction_that_is_not_committed_is_gone)
TEST(what_belongs_to_a_commit_goes_with_it, hooks_go_with_the_commit)

int main(void)
{
	if (getenv("SEBEZ_TEST_PG") == NULL) {
		puts("SEBEZ_TEST_PG is not set: skipped");
		return 77;
	}
	random_begin();
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(only_a_commit_keeps_a_transaction),
	    cmocka_unit_test(what_belongs_to_a_commit_goes_with_it),
	};
	int failed = cmocka_run_group_tests(tests, set_up, tear_down);
	loop_close();
	return failed;
}
