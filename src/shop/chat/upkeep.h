/*
 * upkeep: what happens to conversations by itself.
 */
#ifndef SEBEZ_SHOP_CHAT_UPKEEP_H
#define SEBEZ_SHOP_CHAT_UPKEEP_H

#include "task/db.h"

/* Of the topic message_push: what a device has, or what is gone, needs no push. */
void chat_prune_pushes(struct db *batch, int32_t most);

/* Jobs. */

/* Forgets conversations that have been silent for longer than the marketplace keeps them. */
void chat_forget(struct task *task);
/* Takes what people wrote out of all their conversations, those who have asked for it. */
void chat_erase(struct task *task);

#endif
