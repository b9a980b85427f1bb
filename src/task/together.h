/*
 * together: does the same work of several tasks in one transaction, when they arrive at the same
 * time. While one such transaction is under way, further tasks wait in memory; then they go
 * together, in the fiber of one of them. Under load each one's share of the transaction's own cost
 * becomes small, and without load nobody waits.
 *
 * This only saves work. Whatever is not done this way, for whatever reason, the caller does on its
 * own; when it is in doubt, in a way that has no second effect if it was done after all. Failures
 * are logged, unless the database refused what was asked; both are counted.
 */
#ifndef SEBEZ_TASK_TOGETHER_H
#define SEBEZ_TASK_TOGETHER_H

#include "base/limits.h"
#include "base/list.h"
#include "net/co.h"
#include "task/task.h"

/* What one task wants done; the first member of a struct that has the rest. */
struct together_item {
	struct list_node node; /* in the queue, or in none */
	struct co *co;
	bool leads; /* its fiber is to run the next ones */
	bool has_run;
	bool is_done;  /* set by run() */
	bool in_doubt; /* not done as far as is known, but it may be, also later */
};

/* One kind of work in this process. Static; the rest is zero at first. */
struct together {
	/* Whether the two may go in one transaction. */
	bool (*may_join)(const struct together_item *one, const struct together_item *other);
	/* Runs the items as the jobs role, and sets is_done of those that were done. Reads the
	 * items before it suspends; after that an item is NULL when its task has ended. */
	void (*run)(struct task *task, size_t count, struct together_item *const items[]);

	struct list_node queue;
	bool is_busy; /* a fiber runs items, or was woken to */
	size_t count;
	struct together_item *running[LIMIT_TOGETHER];
};

/*
 * together_do: true when the item was done. False: it was not, or, with in_doubt, it is not known
 * whether: the connection was lost, or the task's deadline has passed meanwhile. Suspends. The item
 * must live until then.
 */
bool together_do(struct together *together, struct task *task, struct together_item *item);

enum together_outcome {
	TOGETHER_DONE,
	TOGETHER_REFUSED, /* for example because stock does not suffice for all */
	TOGETHER_FAILED,
	TOGETHER_OUTCOME_COUNT,
};
extern const char *const TOGETHER_OUTCOMES[TOGETHER_OUTCOME_COUNT];
/* Transactions of this process by outcome: TOGETHER_OUTCOME_COUNT counts. */
const uint64_t *together_counts(void);

#endif
