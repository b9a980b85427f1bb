/*
 * key_lock: an in-process queue, in order of arrival, for tasks that are about to lock the same
 * rows. A waiting task holds no database connection, so a popular row does not use up connections,
 * and at most one transaction per process waits for the row lock. This only saves connections: the
 * database guarantees correctness, with or without it.
 *
 * A task acquires all its keys at once and holds them until key_lock_release or its own end. Keys
 * hash to stripes, which are acquired in ascending order, so tasks cannot deadlock.
 */
#ifndef SEBEZ_TASK_KEY_LOCK_H
#define SEBEZ_TASK_KEY_LOCK_H

#include "base/uuid.h"
#include "task/task.h"

/* Ends the task (503) at its deadline. Suspends. The task must hold no keys yet. */
void key_lock_acquire(struct task *task, size_t count, const struct uuid keys[]);
void key_lock_release(struct task *task); /* no-op when the task holds none */

#endif
