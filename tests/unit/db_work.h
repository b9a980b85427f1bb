/*
 * db_work: tasks that the tests of the database handle run against a real PostgreSQL.
 */
#ifndef SEBEZ_TESTS_DB_WORK_H
#define SEBEZ_TESTS_DB_WORK_H

#include "unit.h"

#include "fibers.h"
#include "task/rows.h"
#include "task/task.h"

struct work {
	struct task task;
	void (*body)(struct task *task);
	bool ended_well;
};

/* A task of a customer, run to its end; the problem it ended with stays readable. */
const struct problem_code *run_task(struct work *work, void (*body)(struct task *task));

/* What a task with this body ends with. */
const struct problem_code *outcome(void (*body)(struct task *task));

/* The rows as a JSON array are `expected`. */
void assert_json(struct task *task, const struct rows *rows, const char *expected);

/* A test that runs `fn` on a fiber. */
#define TEST(name, fn)                                                                             \
	static void name(void **state)                                                             \
	{                                                                                          \
		on_fiber(fn, NULL);                                                                \
	}

/* For cmocka's groups. */
int set_up(void **state);
int tear_down(void **state);

#endif
