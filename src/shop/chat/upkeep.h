/*
 * upkeep: what happens to conversations by itself. Jobs.
 */
#ifndef SEBEZ_SHOP_CHAT_UPKEEP_H
#define SEBEZ_SHOP_CHAT_UPKEEP_H

#include "task/task.h"

/* Removes the notices for push of messages that a device has already, or that nobody took in a
 * week. */
void chat_settle_pushes(struct task *task);
/* Forgets conversations that have been silent for longer than the marketplace keeps them. */
void chat_forget(struct task *task);
/* Takes what people wrote out of all their conversations, those who have asked for it. */
void chat_erase(struct task *task);

#endif
