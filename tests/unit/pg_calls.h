/*
 * pg_calls: what the tests of pools and leases ask a PostgreSQL, and fibers that do it at once.
 */
#ifndef SEBEZ_TESTS_PG_CALLS_H
#define SEBEZ_TESTS_PG_CALLS_H

#include "unit.h"

#include "fibers.h"
#include "store/pg.h"

enum {
	TWICE = 10,
	FAIL,
	ADD,
	COUNT,
	SLEEP,
	KILL,
	SLEEP_WRITE,
	PID,
	CREATE,
	LATE,
	WIPE,
	BEGIN,
	CHANGING,
	ONE_AT_A_TIME,
	READER,
	READ_ONLY,
	WRITABLE,
	SLOW,
	STATEMENT_COUNT
};

extern const struct pg_statement STATEMENTS[STATEMENT_COUNT];
extern struct pg_pool *pool;
extern struct gang gang;

/* A batch with room for its items. */
struct call {
	struct pg_batch batch;
	struct pg_item items[4];
	uint32_t wires[4];
};

/* Adds a statement to the batch; those without a parameter leave the value alone. */
void add(struct call *call, int statement, int32_t value);

/* Of an item that gave one row. */
int32_t value_of(const struct call *call, int item);

void done(struct call *call);

/* Far enough away. */
int64_t deadline(void);

/* One statement that must succeed; gives its number. */
int32_t ask(int statement, int32_t value);

/* Of the gang: one fiber; `count`, which get their numbers; what waits for them, on a fiber. */
void start(void (*fn)(void *arg), void *arg);
void lead(void (*fn)(void *arg), unsigned count);
void join(void *arg);

/* An empty table for ADD and COUNT, on a fiber. */
void create_things(void *arg);

/* For cmocka's groups. */
int open_pool(void **state);
int close_pool(void **state);

#endif
