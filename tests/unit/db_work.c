#include "db_work.h"

#include "base/clock.h"
#include "task/rows_internal.h"

enum { ARENA_BYTES = 4 * 1024 * 1024, DEADLINE_MS = 20000 };

static struct pg_pool *pools[PG_ROLE_COUNT];

static const char SCHEMA[] =
    "create table thing (id int primary key, name text not null);"
    "create function act_as_customer(a uuid, s uuid, r text) returns void language sql as"
    " $$ select set_config('sebez.account', a::text, true) $$;"
    "create function act_as_guest(t text, r text) returns void language sql as $$ select $$;"
    "create function refuse(state text, why text) returns void language plpgsql as"
    " $$ begin raise exception using errcode = state, message = 'No.', detail = why; end $$;";

const struct problem_code *run_task(struct work *work, void (*body)(struct task *task))
{
	*work = (struct work){.body = body};
	struct task *task = &work->task;
	task->arena = arena_new(ARENA_BYTES, task_arena_full, task);
	task->deadline_ms = loop_now_ms() + DEADLINE_MS;
	task->actor.kind = ACTOR_CUSTOMER;
	task->actor.account_id = uuid_v7();
	task->actor.session_id = uuid_v7();
	work->ended_well = task_run(task, body);
	assert_int_equal(work->ended_well, task->problem.code == PROBLEM_NONE);
	return task->problem.code;
}

const struct problem_code *outcome(void (*body)(struct task *task))
{
	struct work work;
	const struct problem_code *code = run_task(&work, body);
	if (code == PROBLEM_INTERNAL)
		puts(work.task.problem.log);
	arena_free(work.task.arena);
	return code;
}

void assert_json(struct task *task, const struct rows *rows, const char *expected)
{
	struct buf buf = buf_new(task->arena, 64);
	struct json json = json_new(&buf);
	rows_json_array(rows, SIZE_MAX, &json);
	assert_string_equal(buf.data, expected);
}

int set_up(void **state)
{
	PGconn *connection = PQconnectdb(getenv("SEBEZ_TEST_PG"));
	PGresult *result = PQexec(connection, SCHEMA);
	int r = PQresultStatus(result) == PGRES_COMMAND_OK ? 0 : -1;
	PQclear(result);
	PQclear(PQexec(connection, "alter system set deadlock_timeout = '20ms'"));
	PQclear(PQexec(connection, "select pg_reload_conf()"));
	PQfinish(connection);
	struct pg_pool_options options = {.conninfo = getenv("SEBEZ_TEST_PG"),
	                                  .shared_max = 4,
	                                  .leased_max = 2,
	                                  .statement_timeout_ms = 5000};
	pools[PG_CUSTOMER] = pg_pool_open(PG_CUSTOMER, &options);
	db_setup(pools);
	return r;
}

int tear_down(void **state)
{
	pg_pool_close(pools[PG_CUSTOMER]);
	rows_shapes_free();
	return 0;
}
