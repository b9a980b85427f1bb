#include "node/readiness.h"

#include <assert.h>
#include <stddef.h>

#include "net/co.h"
#include "net/loop.h"
#include "node/process.h"

enum { PROBE_MS = 10 * 1000 }; /* a connection that does not answer for so long is given up */

struct asker {
	struct co *co;
	struct asker *next;
	bool answered, good;
};

static struct {
	struct pg_pool *pool;
	struct co *prober;
	bool probing;
	struct asker *askers;
} readiness;

static void answer(bool good)
{
	while (readiness.askers != NULL) {
		struct asker *asker = readiness.askers;

		readiness.askers = asker->next;
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
		while (readiness.askers == NULL)
			(void)co_wait(0);
		readiness.probing = true;
		bool good = process_database_answers(readiness.pool, loop_now_ms() + PROBE_MS);

		readiness.probing = false;
		answer(good);
	}
}

void readiness_start(struct pg_pool *pool)
{
	int rc;

	readiness.pool = pool;
	rc = co_start(probe_for_ever, NULL);
	assert(rc == 0); /* one of the first fibers of the process */
}

bool readiness_ask(int64_t deadline_ms)
{
	struct asker self = {.co = co_self(), .next = readiness.askers};
	struct asker **link = &readiness.askers;

	readiness.askers = &self;
	if (!readiness.probing)
		co_wake(readiness.prober);
	while (!self.answered)
		if (co_wait(deadline_ms) != 0 && !self.answered)
			break;
	if (self.answered)
		return self.good;
	while (*link != &self)
		link = &(*link)->next;
	*link = self.next;
	return false;
}
