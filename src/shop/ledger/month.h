/* month: months in paths. */
#ifndef SEBEZ_SHOP_LEDGER_MONTH_H
#define SEBEZ_SHOP_LEDGER_MONTH_H

#include "task/task.h"

/* Ends the task with 404 when this is not a month such as 2026-02. */
void month_check(struct task *task, const char *text);

#endif
