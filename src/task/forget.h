/*
 * forget: what jobs do with rows that have served their time, of which there may be any number.
 */
#ifndef SEBEZ_TASK_FORGET_H
#define SEBEZ_TASK_FORGET_H

#include <stdint.h>

#include "task/task.h"

/* Calls forget(task), which says how many have gone, until that is less than `most`. Each call is a
 * transaction of its own and short. A backlog is worked off in several runs of the job, so that it
 * is never late for long. */
void forget_all(struct task *task, int32_t (*forget)(struct task *task), int32_t most);

#endif
