/* Hooks before and after a commit. */
#include <assert.h>
#include <stddef.h>

#include "task/db_internal.h"

static struct db *owner_of(struct db *db)
{
	struct db *owner = db->mode == DB_CHAIN ? db->tx : db;

	assert(owner->mode == DB_BATCH || owner->mode == DB_TX);
	return owner;
}

static void add(struct db *db, struct db_hook **list, db_commit_fn *run, void *arg)
{
	assert(run != NULL);
	struct db_hook *hook = arena_alloc(db->task->arena, sizeof(*hook));

	*hook = (struct db_hook){.run = run, .arg = arg};
	while (*list != NULL)
		list = &(*list)->next;
	*list = hook;
}

void db_before_commit(struct db *db, db_commit_fn *collect, void *arg)
{
	add(db, &owner_of(db)->before, collect, arg);
}

void db_on_commit(struct db *db, db_commit_fn *done, void *arg)
{
	add(db, &owner_of(db)->after, done, arg);
}

void *db_commit_arg(const struct db *db, db_commit_fn *collect)
{
	const struct db *owner = db->mode == DB_CHAIN ? db->tx : db;

	for (const struct db_hook *hook = owner->before; hook != NULL; hook = hook->next)
		if (hook->run == collect)
			return hook->arg;
	return NULL;
}

void db_run_before(struct db *db, struct db *last)
{
	struct db_hook *hook = db->before;

	assert(db->mode == DB_BATCH || db->mode == DB_TX);
	db->before = NULL;
	for (; hook != NULL; hook = hook->next)
		hook->run(last, hook->arg);
}

void db_run_after(struct db *db)
{
	struct db_hook *hook = db->after;

	assert(db->mode == DB_BATCH || db->mode == DB_TX);
	db->after = NULL;
	for (; hook != NULL; hook = hook->next)
		hook->run(db, hook->arg);
}
