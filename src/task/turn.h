/*
 * turn: tasks of one process that are about to lock the same rows take turns, first come first
 * served, before they go to the database. Whoever waits holds no connection meanwhile, so what
 * everybody wants at once costs nobody else theirs, and of each process one transaction at most
 * waits for the lock. That is all it is for: what is right is the database's affair, as before.
 *
 * A task takes all its turns at once, and has them until turn_end or its own end. They are stripes
 * that keys hash to, taken in the order of the stripes, so that nobody waits in a ring.
 */
#ifndef SEBEZ_TASK_TURN_H
#define SEBEZ_TASK_TURN_H

#include "base/uuid.h"
#include "task/task.h"

/* Ends the task (503) when its deadline comes first. Suspends. The task has no turn yet. */
void turn_take(struct task *task, size_t count, const struct uuid keys[]);
void turn_end(struct task *task); /* nothing when it has none */

#endif
