/* Tasks and their database handle, generated statements and rows, against a real PostgreSQL. */
#include "db_work.h"

#include "task/db_error.h"
#include "task/rows_internal.h"
#include "things.sql.h"

#define SOME_ID_BYTES                                                                              \
	{                                                                                          \
		{                                                                                  \
			0x01, 2, 3, 4, 5, 6, 0x70, 8, 0x80, 10, 11, 12, 13, 14, 15, 16             \
		}                                                                                  \
	}
static const struct uuid SOME_ID = SOME_ID_BYTES;

static void there_and_back(struct task *task)
{
	struct db *db = db_of(task);
	const struct uuid_array ids = {1, &SOME_ID};
	const struct text_array names = {3, (const char *const[]){"ä", NULL, ""}};
	const struct int_array ints = {2, (const int32_t[]){-1, INT32_MAX}};
	const struct bigint_array bigs = {0, NULL};
	const int64_t at = INT64_C(1795419598123456);
	size_t count = 0;

	struct rows *rows = sql_all_types(db, &(struct all_types_args){
	                                          .id = &SOME_ID,
	                                          .name = "näme",
	                                          .small = -5,
	                                          .big = INT64_MIN,
	                                          .truth = &(bool){true},
	                                          .at = &at,
	                                          .real = 0.5,
	                                          .document = "{\"a\": 1}",
	                                          .raw = (struct bytes){"\0\1", 2},
	                                          .ids = ids,
	                                          .names = names,
	                                          .ints = ints,
	                                      });
	const struct all_types_row *row = sql_all_types_rows(db, rows, &count);
	assert_int_equal(count, 1);
	assert_true(uuid_equal(*row->id, SOME_ID));
	assert_string_equal(row->name, "näme");
	assert_int_equal(row->small, -5);
	assert_true(row->big == INT64_MIN);
	assert_true(*row->truth);
	assert_true(*row->at == at);
	assert_true(row->real == 0.5);
	assert_string_equal(row->document, "{\"a\": 1}");
	assert_int_equal(row->raw.length, 2);
	assert_memory_equal(row->raw.data, "\0\1", 2);

	rows = sql_all_types(db, &(struct all_types_args){
	                             .real = -1e300,
	                             .bigs = &bigs,
	                         });
	row = sql_all_types_rows(db, rows, NULL);
	assert_null(row->id);
	assert_null(row->name);
	assert_null(row->truth);
	assert_null(row->at);
	assert_null(row->document);
	assert_int_equal(row->raw.length, 0);

	rows = sql_arrays(db, ids, names, ints, NULL);
	const char *account = rows_text(rows, 0, rows_column(rows, "account"));
	assert_json(task, rows,
	            arena_printf(task->arena,
	                         "[{\"arrays\":{\"ids\":[\"01020304-0506-7008-800a-0b0c0d0e0f10\"],"
	                         "\"names\":[\"ä\",null,\"\"],\"ints\":[-1,2147483647]},\"bigs\":"
	                         "null,\"account\":\"%s\"}]",
	                         account));
	assert_int_equal(strlen(account), UUID_TEXT_LENGTH);
}

static void values_survive(void *arg)
{
	assert_int_equal(outcome(there_and_back), PROBLEM_NONE);
}

static void nest(struct task *task)
{
#define TAIL                                                                                       \
	"\"c\":null,\"day\":\"2026-11-23\",\"never\":null,\"half\":1.5,"                           \
	"\"nothing\":null,"                                                                        \
	"\"document\":{\"k\": [1]},\"z\":{\"y\":3}}"
#define WHOLE                                                                                      \
	"{\"id\":1,\"a\":{\"id\":2,\"name\":\"x\",\"b\":{\"id\":3,\"name\":\"y\"},\"last\":7}"     \
	"," TAIL
#define NONE "{\"id\":1,\"a\":null," TAIL
	assert_json(task, sql_nested(db_of(task), true), "[" WHOLE "," WHOLE "]");
	assert_json(task, sql_nested(db_of(task), false), "[" NONE "," NONE "]");
}

static void columns_nest(void *arg)
{
	assert_int_equal(outcome(nest), PROBLEM_NONE);
}

static void write_batch(struct task *task)
{
	struct db *batch = db_batch(task);
	sql_add_thing(batch, 1, "one");
	sql_add_thing(batch, 2, "two");
	struct rows *all = sql_things(batch, NULL, THINGS_SORT_DOWN, 10);
	struct rows *one = sql_things(batch, "one", THINGS_SORT_UP, 10);
	assert_false(rows_are_here(all));
	db_run(batch);
	assert_int_equal(task->round_trips, 1);
	assert_int_equal(task->statements, 5);
	assert_json(task, all, "[{\"id\":2,\"name\":\"two\"},{\"id\":1,\"name\":\"one\"}]");
	assert_json(task, one, "[{\"id\":1,\"name\":\"one\"}]");
	assert_int_equal(rows_count(sql_thing(db_of(task), 3)), 0);
	sql_rename_thing(db_of(task), 2, "deux");
}

static void a_batch_is_one_round_trip(void *arg)
{
	assert_int_equal(outcome(write_batch), PROBLEM_NONE);
}

static void look_for_nothing(struct task *task)
{
	sql_the_thing(db_of(task), 99);
}

static void change_nothing(struct task *task)
{
	sql_rename_thing(db_of(task), 99, "x");
}

static void add_again(struct task *task)
{
	sql_add_thing(db_of(task), 1, "again");
}

static void add_no_name(struct task *task)
{
	struct db *batch = db_batch(task);
	sql_add_thing(batch, 50, "fifty");
	sql_refuse(batch, "23503", "");
	db_run(batch);
}

static void is_fifty_there(struct task *task)
{
	sql_the_thing(db_of(task), 50);
}

static void failures_end_the_task(void *arg)
{
	assert_int_equal(outcome(look_for_nothing), PROBLEM_NOT_FOUND);
	assert_int_equal(outcome(change_nothing), PROBLEM_NOT_FOUND);
	assert_int_equal(outcome(add_again), PROBLEM_EXISTS);
	assert_int_equal(outcome(add_no_name), PROBLEM_NOT_FOUND);
	assert_int_equal(outcome(is_fifty_there), PROBLEM_NOT_FOUND);
}

static const char *refuse_state, *refuse_detail;

static void refuse(struct task *task)
{
	sql_refuse(db_of(task), refuse_state, refuse_detail);
}

static void expect_refusal(const char *state, const char *detail, const struct problem_code *code,
                           const char *extra, const char *errors)
{
	struct work work;
	refuse_state = state;
	refuse_detail = detail;
	assert_int_equal(run_task(&work, refuse), code);
	const struct problem *problem = &work.task.problem;
	assert_string_equal(problem->extra == NULL ? "" : problem->extra, extra);
	assert_string_equal(problem->errors == NULL ? "" : problem->errors, errors);
	if (state[0] == 'S' && code != PROBLEM_INTERNAL)
		assert_string_equal(problem->detail, "No.");
	arena_free(work.task.arena);
}

/* As an area would. */
static const struct problem_code SOLD_OUT[1] = {{"sold_out", 409, "Sold out"}};
static const struct db_refusal REFUSALS[] = {{"SBS01", SOLD_OUT, "lines"}, {0}};
static const struct db_constraint CONSTRAINTS[] = {
    {"thing_pkey", PROBLEM_EXISTS, "/id", "exists", "There is such a thing."}, {0}};

static void own_errors_become_problems(void *arg)
{
	expect_refusal("SBS01", "{\"lines\":[1]}", PROBLEM_INTERNAL, "", "");
	db_error_register(REFUSALS, NULL);
	expect_refusal("SB401", "", PROBLEM_UNAUTHENTICATED, "", "");
	expect_refusal("SBS01", "{\"lines\":[1]}", SOLD_OUT, "\"lines\":[1]", "");
	expect_refusal("SBT01", "[\"a\"]", PROBLEM_TRANSITION, "\"allowed\":[\"a\"]", "");
	expect_refusal("SBI01", "{\"field\":\"/a\"}", PROBLEM_INVALID, "", "[{\"field\":\"/a\"}]");
	expect_refusal("57014", "", PROBLEM_OVERLOADED, "", "");
	expect_refusal("22012", "", PROBLEM_INTERNAL, "", "");
	expect_refusal("SBZ99", "", PROBLEM_INTERNAL, "", "");
}

static void constraints_name_a_field(void *arg)
{
	struct work work;

	db_error_register(NULL, CONSTRAINTS);
	assert_int_equal(run_task(&work, add_again), PROBLEM_EXISTS);
	assert_non_null(strstr(work.task.problem.errors, "\"field\":\"/id\""));
	arena_free(work.task.arena);
}

static void try(struct task *task)
{
	struct db *batch = db_batch(task);
	sql_add_thing(batch, 1, "again");
	const struct pg_error *error = db_try_run(batch);
	assert_non_null(error);
	assert_string_equal(error->sqlstate, "23505");
	assert_string_equal(error->constraint, "thing_pkey");
	batch = db_batch(task);
	sql_thing(batch, 1);
	assert_null(db_try_run(batch));
}

static void a_refusal_may_be_handled(void *arg)
{
	assert_int_equal(outcome(try), PROBLEM_NONE);
}

static struct gang gang;

static void lock_both(struct task *task, int first, int second)
{
	struct db *batch = db_batch(task);
	sql_rename_thing(batch, first, "x");
	sql_sleep_a_little(batch, 2);
	sql_rename_thing(batch, second, "y");
	db_run(batch);
}

static void lock_forward(struct task *task)
{
	lock_both(task, 1, 2);
}

static void lock_backward(struct task *task)
{
	lock_both(task, 2, 1);
}

/* Of each deadlock one survives and is done with its turn, so nobody meets more than the other has
 * turns, which is fewer than a batch has attempts. */
static void deadlock_fiber(void *body)
{
	for (int i = 0; i < 3; i++)
		assert_int_equal(outcome(body), PROBLEM_NONE);
	gang_leave(&gang);
}

static void join(void *arg)
{
	gang_join(&gang);
}

/* Both leases have planned a statement whose result then changes. */
static void plan_in(struct db *tx, int left)
{
	(void)sql_thing(tx, 1);
	if (left > 0)
		plan_in(db_begin(db_task(tx)), left - 1);
	db_commit(tx);
}

static void plan_on_two_leases(struct task *task)
{
	plan_in(db_begin(task), 1);
}

static void change_things(const char *type)
{
	PGconn *other = PQconnectdb(getenv("SEBEZ_TEST_PG"));
	char text[128];

	snprintf(text, sizeof(text), "alter table thing alter column name type %s", type);
	PGresult *result = PQexec(other, text);
	assert_int_equal(PQresultStatus(result), PGRES_COMMAND_OK);
	PQclear(result);
	PQfinish(other);
}

static void migrate_meanwhile(void *arg)
{
	struct work work;

	assert_int_equal(outcome(plan_on_two_leases), PROBLEM_NONE);
	change_things("varchar(100)");
	assert_int_equal(run_task(&work, plan_on_two_leases), PROBLEM_OVERLOADED);
	assert_true(work.task.problem.transient);
	arena_free(work.task.arena);
	assert_int_equal(outcome(plan_on_two_leases), PROBLEM_NONE);
	change_things("text");
}

static void write_when_read_only(struct task *task)
{
	sql_refuse(db_of(task), "25006", "");
}

static void stop_changes(void *arg)
{
	assert_int_equal(outcome(write_when_read_only), PROBLEM_UNAVAILABLE);
}

static void grow_too_large(struct task *task)
{
	for (;;)
		(void)arena_alloc(task->arena, 1000);
}

static void end_a_field(struct task *task)
{
	task_end_field(task, "/lines/0/quantity", "too_many", "At most %d.", 9);
}

static void ends(void *arg)
{
	struct work work;
	assert_int_equal(outcome(grow_too_large), PROBLEM_TOO_LARGE);
	assert_int_equal(run_task(&work, end_a_field), PROBLEM_INVALID);
	assert_string_equal(work.task.problem.errors,
	                    "[{\"field\":\"/lines/0/quantity\","
	                    "\"code\":\"too_many\",\"detail\":\"At most 9.\"}]");
	arena_free(work.task.arena);
}

TEST(values_go_there_and_back, values_survive)
TEST(rows_become_nested_json, columns_nest)
TEST(a_batch_collects_and_runs_at_once, a_batch_is_one_round_trip)
TEST(what_is_not_there_or_refused_ends_the_task, failures_end_the_task)
TEST(our_own_sqlstates_become_problems, own_errors_become_problems)
TEST(a_constraint_of_an_area_names_its_field, constraints_name_a_field)
TEST(db_try_run_gives_a_refusal_back, a_refusal_may_be_handled)
TEST(a_task_ends_from_anywhere, ends)
TEST(a_lease_outdated_by_a_migration_may_go_again, migrate_meanwhile)
TEST(a_read_only_database_is_unavailable, stop_changes)

static void deadlocks_are_retried(void **state)
{
	gang.running = 2;
	assert_int_equal(co_start(deadlock_fiber, lock_forward), 0);
	assert_int_equal(co_start(deadlock_fiber, lock_backward), 0);
	on_fiber(join, NULL);
}

int main(void)
{
	if (getenv("SEBEZ_TEST_PG") == NULL) {
		puts("SEBEZ_TEST_PG is not set: skipped");
		return 77;
	}
	random_begin();
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(values_go_there_and_back),
	    cmocka_unit_test(rows_become_nested_json),
	    cmocka_unit_test(a_batch_collects_and_runs_at_once),
	    cmocka_unit_test(what_is_not_there_or_refused_ends_the_task),
	    cmocka_unit_test(our_own_sqlstates_become_problems),
	    cmocka_unit_test(a_constraint_of_an_area_names_its_field),
	    cmocka_unit_test(db_try_run_gives_a_refusal_back),
	    cmocka_unit_test(deadlocks_are_retried),
	    cmocka_unit_test(a_lease_outdated_by_a_migration_may_go_again),
	    cmocka_unit_test(a_read_only_database_is_unavailable),
	    cmocka_unit_test(a_task_ends_from_anywhere),
	};
	int failed = cmocka_run_group_tests(tests, set_up, tear_down);
	loop_close();
	return failed;
}
