/* jobs: of the area, for its table. */
#ifndef SEBEZ_SHOP_RETURNS_JOBS_H
#define SEBEZ_SHOP_RETURNS_JOBS_H

#include "task/task.h"

void returns_meet_deadlines(struct task *task);

#endif
