/*
 * fibers: runs a test's function on a fiber, and the loop until it has returned.
 */
#ifndef SEBEZ_TESTS_FIBERS_H
#define SEBEZ_TESTS_FIBERS_H

#include "net/co.h"
#include "net/loop.h"

struct fiber_call {
	void (*fn)(void *arg);
	void *arg;
};

static inline void fiber_call_main(void *arg)
{
	struct fiber_call *call = arg;
	call->fn(call->arg);
	loop_stop();
}

static inline void on_fiber(void (*fn)(void *arg), void *arg)
{
	struct fiber_call call = {fn, arg};
	int r = co_start(fiber_call_main, &call);
	assert_int_equal(r, 0);
	loop_run();
}

/* Defines a test whose body runs on a fiber. */
#define ON_FIBER(name)                                                                             \
	static void name##_on_fiber(void *arg);                                                    \
	static void name(void **state)                                                             \
	{                                                                                          \
		(void)state;                                                                       \
		on_fiber(name##_on_fiber, NULL);                                                   \
	}                                                                                          \
	static void name##_on_fiber(void *arg)

/* Many fibers: started together, and waited for by the one that started them. */
struct gang {
	struct co *leader;
	unsigned running;
};

static inline void gang_leave(struct gang *gang)
{
	gang->running--;
	if (gang->running == 0 && gang->leader != NULL)
		co_wake(gang->leader);
}

static inline void gang_join(struct gang *gang)
{
	gang->leader = co_self();
	while (gang->running > 0)
		(void)co_wait(0);
	gang->leader = NULL;
}

#endif
