#include "task/turn.h"

#include <assert.h>
#include <stddef.h>
#include <stdlib.h>

#include "base/hash.h"
#include "base/limits.h"
#include "net/co.h"

struct turn {
	struct co *co;
	struct turn *next;        /* of those who wait for the same stripe */
	size_t count, had;        /* stripes wanted, and the first of them that it has */
	struct stripe *stripes[]; /* ascending, each once */
};

static struct stripe {
	struct turn *holder;
	struct turn *first, *last; /* who wait */
} stripes[LIMIT_TURN_STRIPES];

static int compare(const void *one, const void *other)
{
	const struct stripe *a = *(struct stripe *const *)one, *b = *(struct stripe *const *)other;

	return (a > b) - (a < b);
}

static void want(struct turn *turn, size_t count, const struct uuid keys[])
{
	struct stripe **all = turn->stripes;

	for (size_t i = 0; i < count; i++)
		all[i] =
		    &stripes[hash_plain(keys[i].bytes, sizeof(keys[i].bytes)) % LIMIT_TURN_STRIPES];
	qsort(all, count, sizeof(all[0]), compare);
	for (size_t i = 0; i < count; i++)
		if (turn->count == 0 || all[turn->count - 1] != all[i])
			all[turn->count++] = all[i];
}

static void line_up(struct stripe *stripe, struct turn *turn)
{
	turn->next = NULL;
	if (stripe->first == NULL)
		stripe->first = turn;
	else
		stripe->last->next = turn;
	stripe->last = turn;
}

static void step_out(struct stripe *stripe, struct turn *turn)
{
	struct turn *before = NULL;

	for (struct turn *at = stripe->first; at != turn; at = at->next)
		before = at;
	if (before == NULL)
		stripe->first = turn->next;
	else
		before->next = turn->next;
	if (stripe->last == turn)
		stripe->last = before;
}

static void take(struct task *task, struct stripe *stripe, struct turn *turn)
{
	if (stripe->holder == NULL) {
		stripe->holder = turn;
		return;
	}
	line_up(stripe, turn);
	while (stripe->holder != turn) {
		if (co_wait(task->deadline_ms) == 0 || stripe->holder == turn)
			continue;
		step_out(stripe, turn);
		task_end(task, PROBLEM_OVERLOADED,
		         "Too many want the same at once; please try again.");
	}
}

void turn_take(struct task *task, size_t count, const struct uuid keys[])
{
	struct turn *turn =
	    arena_alloc(task->arena, sizeof(*turn) + count * sizeof(turn->stripes[0]));

	assert(task->turn == NULL);
	turn->co = co_self();
	want(turn, count, keys);
	task->turn = turn;
	for (; turn->had < turn->count; turn->had++)
		take(task, turn->stripes[turn->had], turn);
}

static void hand_over(struct stripe *stripe)
{
	struct turn *next = stripe->first;

	stripe->holder = next;
	if (next == NULL)
		return;
	stripe->first = next->next;
	if (stripe->first == NULL)
		stripe->last = NULL;
	co_wake(next->co);
}

void turn_end(struct task *task)
{
	struct turn *turn = task->turn;

	task->turn = NULL;
	while (turn != NULL && turn->had > 0)
		hand_over(turn->stripes[--turn->had]);
}
