/* jobs: the payouts' periodic work (task/job.h). */
#ifndef SEBEZ_SHOP_PAYOUTS_JOBS_H
#define SEBEZ_SHOP_PAYOUTS_JOBS_H

#include "task/task.h"

/* Makes the payouts that are due. */
void payouts_run(struct task *task);

#endif
