/*
 * upkeep: background jobs of chat.
 */
#ifndef SEBEZ_SHOP_CHAT_UPKEEP_H
#define SEBEZ_SHOP_CHAT_UPKEEP_H

#include "task/db.h"

/* Deletes due rows of the topic message_push whose message was delivered or deleted. */
void chat_prune_pushes(struct db *batch, int32_t rows_max);

/* Jobs. */

/* Deletes conversations without messages for longer than the retention time. */
void chat_forget(struct task *task);
/* Erases the messages of accounts that requested erasure, in all their conversations. */
void chat_erase(struct task *task);

#endif
