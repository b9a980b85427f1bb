#include "node/readiness.h"

#include <assert.h>
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>

#include "base/list.h"
#include "net/co.h"
#include "net/log.h"
#include "net/loop.h"
#include "node/process.h"

enum {
	PROBE_MS = 10 * 1000, /* timeout of a probe */
	NEW_MS = 5 * 1000,    /* between tests of new connections */
};

/* Loads the modules that a search uses. */
static const struct pg_statement NEW_PROBE = {.name = "new_probe",
                                              .text = "select word_similarity(folded('a'), 'b')",
                                              .reads_only = true,
                                              .number = 62};

struct asker {
	struct list_node node; /* in readiness.askers until answered */
	struct co *co;
	bool answered, good;
};

static struct {
	struct pg_pool *pool;
	struct co *prober;
	bool probing;
	struct list_node askers;
	struct co *newcomer;    /* fiber that tests new connections */
	struct pg_pool *beside; /* its own pool, during a test */
	int64_t new_ms;         /* time of the next test */
	bool new_fails;
} readiness;

static void answer(bool good)
{
	struct list_node *at, *next;

	LIST_EACH(at, next, &readiness.askers)
	{
		struct asker *asker = CONTAINER_OF(at, struct asker, node);

		assert(!asker->answered);
		list_remove(at);
		asker->answered = true;
		asker->good = good;
		co_wake(asker->co);
	}
}

static void probe_for_ever(void *arg)
{
	(void)arg;
	readiness.prober = co_self();
	for (;;) {
		while (list_is_empty(&readiness.askers))
			(void)co_wait(0);
		readiness.probing = true;
		bool good = process_database_answers(readiness.pool, loop_now_ms() + PROBE_MS);

		readiness.probing = false;
		answer(good && !readiness.new_fails);
		if (readiness.beside == NULL && loop_now_ms() >= readiness.new_ms)
			co_wake(readiness.newcomer);
	}
}

/* Only an error of the statement counts as failure. A full connection limit does not affect open
 * connections, and an unreachable database fails the other probe. */
static void try_new_one(void)
{
	struct pg_item item = {.statement = &NEW_PROBE};
	struct pg_batch batch = {.count = 1, .items = {&item}};

	assert(readiness.beside == NULL && co_self() == readiness.newcomer);
	readiness.beside = pg_pool_open_beside(readiness.pool);
	int rc = pg_run(readiness.beside, &batch, loop_now_ms() + PROBE_MS);

	PQclear(item.result);
	pg_pool_close(readiness.beside);
	readiness.beside = NULL;
	if (rc == -EBADMSG && !readiness.new_fails)
		LOG_ERROR("new database connections fail", log_str("cause", batch.error.message));
	readiness.new_fails = rc == -EBADMSG;
}

/* After a failed test, the next call tests again at once. */
static void try_new_ones(void *arg)
{
	(void)arg;
	readiness.newcomer = co_self();
	for (;;) {
		(void)co_wait(0);
		try_new_one();
		readiness.new_ms = readiness.new_fails ? 0 : loop_now_ms() + NEW_MS;
	}
}

void readiness_start(struct pg_pool *pool)
{
	int rc;

	assert(readiness.pool == NULL && co_self() == NULL);
	readiness.pool = pool;
	list_init(&readiness.askers);
	rc = co_start(try_new_ones, NULL);
	assert(rc == 0); /* the first fibers of the process */
	rc = co_start(probe_for_ever, NULL);
	assert(rc == 0);
}

void readiness_stop(void)
{
	if (readiness.beside != NULL)
		pg_pool_close(readiness.beside);
}

bool readiness_ask(int64_t deadline_ms)
{
	struct asker *self = calloc(1, sizeof(*self));
	bool good;

	assert(self != NULL && co_self() != NULL && co_self() != readiness.prober);
	self->co = co_self();
	list_push_front(&readiness.askers, &self->node);
	if (!readiness.probing)
		co_wake(readiness.prober);
	while (!self->answered)
		if (co_wait(deadline_ms) != 0 && !self->answered)
			break;
	list_remove(&self->node);
	good = self->good;
	free(self);
	return good;
}
