/* forget: deletes expired rows in batches, for jobs. */
#ifndef SEBEZ_TASK_FORGET_H
#define SEBEZ_TASK_FORGET_H

#include <stdint.h>

#include "task/task.h"

/* Calls forget(task), which returns how many rows it deleted, until that is less than `most`. Each
 * call is a short transaction of its own. A large backlog takes several runs of the job, so that no
 * run is long. */
void forget_all(struct task *task, int32_t (*forget)(struct task *task), int32_t most);

#endif
