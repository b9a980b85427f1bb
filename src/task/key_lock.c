#include "task/key_lock.h"

#include <assert.h>
#include <stddef.h>
#include <stdlib.h>

#include "base/hash.h"
#include "base/limits.h"
#include "net/co.h"

struct key_lock {
	struct co *co;
	struct key_lock *next;    /* waiters for the same stripe */
	size_t count, had;        /* stripes wanted, and how many are locked, in order */
	struct stripe *stripes[]; /* ascending, each once */
};

static struct stripe {
	struct key_lock *holder;
	struct key_lock *first, *last; /* waiters */
} stripes[LIMIT_KEY_LOCK_STRIPES];

static int compare(const void *one, const void *other)
{
	const struct stripe *a = *(struct stripe *const *)one, *b = *(struct stripe *const *)other;

	return (a > b) - (a < b);
}

static void want(struct key_lock *lock, size_t count, const struct uuid keys[])
{
	struct stripe **all = lock->stripes;

	for (size_t i = 0; i < count; i++)
		all[i] = &stripes[hash_plain(keys[i].bytes, sizeof(keys[i].bytes)) %
		                  LIMIT_KEY_LOCK_STRIPES];
	qsort(all, count, sizeof(all[0]), compare);
	for (size_t i = 0; i < count; i++)
		if (lock->count == 0 || all[lock->count - 1] != all[i])
			all[lock->count++] = all[i];
}

static void line_up(struct stripe *stripe, struct key_lock *lock)
{
	assert(stripe->holder != NULL && stripe->holder != lock);
	lock->next = NULL;
	if (stripe->first == NULL)
		stripe->first = lock;
	else
		stripe->last->next = lock;
	stripe->last = lock;
}

static void step_out(struct stripe *stripe, struct key_lock *lock)
{
	struct key_lock *before = NULL;

	for (struct key_lock *at = stripe->first; at != lock; at = at->next)
		before = at;
	if (before == NULL)
		stripe->first = lock->next;
	else
		before->next = lock->next;
	if (stripe->last == lock)
		stripe->last = before;
}

static void take(struct task *task, struct stripe *stripe, struct key_lock *lock)
{
	if (stripe->holder == NULL) {
		stripe->holder = lock;
		return;
	}
	line_up(stripe, lock);
	while (stripe->holder != lock) {
		if (co_wait(task->deadline_ms) == 0 || stripe->holder == lock)
			continue;
		step_out(stripe, lock);
		task_end(task, PROBLEM_OVERLOADED,
		         "Too many concurrent requests for the same item; try again.");
	}
}

void key_lock_acquire(struct task *task, size_t count, const struct uuid keys[])
{
	struct key_lock *lock =
	    arena_alloc(task->arena, sizeof(*lock) + count * sizeof(lock->stripes[0]));

	assert(task->key_lock == NULL && co_self() != NULL);
	lock->co = co_self();
	want(lock, count, keys);
	task->key_lock = lock;
	for (; lock->had < lock->count; lock->had++)
		take(task, lock->stripes[lock->had], lock);
}

static void hand_over(struct stripe *stripe)
{
	struct key_lock *next = stripe->first;

	assert(stripe->holder != NULL && stripe->holder != next);
	stripe->holder = next;
	if (next == NULL)
		return;
	stripe->first = next->next;
	if (stripe->first == NULL)
		stripe->last = NULL;
	co_wake(next->co);
}

void key_lock_release(struct task *task)
{
	struct key_lock *lock = task->key_lock;

	task->key_lock = NULL;
	while (lock != NULL && lock->had > 0)
		hand_over(lock->stripes[--lock->had]);
}
