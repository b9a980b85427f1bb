/* jobs: the ledger's periodic work (task/job.h). */
#ifndef SEBEZ_SHOP_LEDGER_JOBS_H
#define SEBEZ_SHOP_LEDGER_JOBS_H

#include "task/task.h"

/* Makes pending earnings available when their hold days are over, and reserves when their time is.
 */
void ledger_release(struct task *task);

/* Adds the entries of new journals to the sums by day, and closed months up from these. */
void ledger_carry(struct task *task);

#endif
