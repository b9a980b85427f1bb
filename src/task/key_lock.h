/*
 * key_lock: tasks of one process that are about to lock the same rows queue here first, first come
 * first served. A task that waits here holds no database connection, so a popular row costs other
 * tasks none, and at most one transaction per process waits for the row lock. This only saves
 * connections: correctness is the database's, with or without it.
 *
 * A task acquires all its keys at once and holds them until key_lock_release or its own end. Keys
 * hash to stripes, which are acquired in ascending order, so no two tasks deadlock.
 */
#ifndef SEBEZ_TASK_KEY_LOCK_H
#define SEBEZ_TASK_KEY_LOCK_H

#include "base/uuid.h"
#include "task/task.h"

/* Ends the task (503) at its deadline. Suspends. The task must hold no keys yet. */
void key_lock_acquire(struct task *task, size_t count, const struct uuid keys[]);
void key_lock_release(struct task *task); /* does nothing when the task holds none */

#endif
