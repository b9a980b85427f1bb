/*
 * upkeep: background jobs of chat.
 */
#ifndef SEBEZ_SHOP_CHAT_UPKEEP_H
#define SEBEZ_SHOP_CHAT_UPKEEP_H

#include "task/task.h"

/* Jobs. */

/* Deletes conversations without messages for longer than the retention time. */
void chat_forget(struct task *task);
/* Erases the messages of accounts that requested erasure, in all their conversations. */
void chat_erase(struct task *task);

#endif
