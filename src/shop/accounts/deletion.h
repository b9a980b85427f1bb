/*
 * deletion: accounts that leave. Private to accounts/.
 */
#ifndef SEBEZ_SHOP_ACCOUNTS_DELETION_H
#define SEBEZ_SHOP_ACCOUNTS_DELETION_H

#include "task/task.h"

/* A job: takes the accounts whose deletion is due a step further, and erases them in the end. */
void accounts_erase(struct task *task);

#endif
