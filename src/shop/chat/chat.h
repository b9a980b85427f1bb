/*
 * chat: conversations between customers and vendors. docs/REALTIME.md has the guarantees.
 *
 * All state is in PostgreSQL; a message, its number and its events are written in one transaction
 * under the lock of its conversation (functions_*.sql). Only presence and typing are in Redis.
 */
#ifndef SEBEZ_SHOP_CHAT_CHAT_H
#define SEBEZ_SHOP_CHAT_CHAT_H

#include "shop/area.h"
#include "task/db.h"
#include "task/params.h"

extern const struct area AREA_CHAT;

/* Locks the conversations about these sub-orders, in order of their ids. For transactions that call
 * chat_system_message more than once, or after acquiring locks that come later in the lock order
 * (shop/orders/moves.sql). Collects in db; lock the sub-orders first. */
void chat_lock(struct db *db, struct uuid_array sub_orders);

/* Adds a system message with the new state to the conversations about these sub-orders. Collects in
 * db; move the sub-orders first. No effect without a conversation. */
void chat_system_message(struct db *db, struct uuid_array sub_orders, const char *became);

/* The devices of these accounts and vendors acknowledged their events up to these numbers: marks
 * the messages among them as delivered. For the feed, as sebez_jobs. Collects in db. */
void chat_delivered(struct db *db, struct uuid_array owners, struct bigint_array numbers);

/* Devices of these members of staff did so: they are not told of those messages by push. */
struct chat_reader {
	struct uuid vendor, account;
	int64_t number;
};
void chat_delivered_to(struct db *db, size_t count, const struct chat_reader readers[]);

#endif
