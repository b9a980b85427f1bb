/*
 * chat: conversations between customers and vendors. docs/REALTIME.md has the guarantees.
 *
 * PostgreSQL holds all of it; a message, its number and its events are one transaction under the
 * lock of its conversation (functions_*.sql). Only who is here and who is writing is in
 * Redis.
 */
#ifndef SEBEZ_SHOP_CHAT_CHAT_H
#define SEBEZ_SHOP_CHAT_CHAT_H

#include "shop/area.h"
#include "task/db.h"
#include "task/params.h"

extern const struct area AREA_CHAT;

/* Locks the conversations about these sub-orders, by their ids: for who will tell them more than
 * once, or after locking what comes later (shop/orders/moves.sql). Collects in db, after the
 * sub-orders were locked. */
void chat_lock(struct db *db, struct uuid_array sub_orders);

/* Tells the conversations about these sub-orders what became of them. Collects in db, after the
 * sub-orders were moved; nothing happens where there is no conversation. */
void chat_system_message(struct db *db, struct uuid_array sub_orders, const char *became);

/* The devices of these accounts and vendors have their events up to these numbers: the messages
 * among them are delivered. For the feed, as sebez_jobs. Collects in db. */
void chat_delivered(struct db *db, struct uuid_array owners, struct bigint_array numbers);

#endif
