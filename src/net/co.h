/*
 * co: fibers. Code that needs several waits reads top to bottom; a fiber sleeps in co_wait until
 * somebody wakes it. Stacks have a guard page and are pooled (base/limits.h).
 *
 * Rules: a fiber never changes thread (asserted); fibers are resumed only from the loop, never
 * from one another; a function that may suspend says so in its header; no lock, iterator or
 * pointer into a growing container is held across a wait.
 */
#ifndef SEBEZ_NET_CO_H
#define SEBEZ_NET_CO_H

#include <stdbool.h>
#include <stdint.h>

struct co;

/* Starts fn(arg) on a fiber at once, until its first wait. -EAGAIN when all fibers are taken. Not
 * from a fiber (asserted). */
int co_start(void (*fn)(void *arg), void *arg) __attribute__((warn_unused_result));

struct co *co_self(void); /* the running fiber, NULL on the loop's own stack */

/*
 * co_wait: sleeps until co_wake(this fiber), or until the deadline.
 *
 *   deadline_ms  of the loop's clock; 0 waits for ever
 *   returns      0 when woken, -ETIMEDOUT at the deadline
 *
 * Register the waker before the call; a wake that comes first is remembered. After -ETIMEDOUT the
 * caller must deregister the waker.
 */
int co_wait(int64_t deadline_ms);

/* Makes a sleeping fiber ready. It runs from the loop in this turn, never inside this call. */
void co_wake(struct co *co);

void co_sleep_ms(int64_t duration_ms);

/* Counts what the running fiber has taken and others wait for: connections leased for transactions.
 * While it has any, it must not wait for another server (net/http_client.h asserts this), because
 * a slow server would then keep the others waiting. */
void co_scarce_taken(void);
void co_scarce_returned(void);
bool co_has_scarce(void);

/* What the running fiber works for (net/spans.h), NULL at its begin. Nothing here reads it. */
void co_set_cause(const void *cause);
const void *co_cause(void); /* NULL on the loop's own stack, too */

struct co_stats {
	unsigned running; /* started and not ended */
	unsigned running_max;
	unsigned pooled;
};
struct co_stats co_stats(void);

#endif
