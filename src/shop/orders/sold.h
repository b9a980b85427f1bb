/*
 * sold: how many units of each product were ordered and not cancelled, for the order of best
 * sellers.
 */
#ifndef SEBEZ_SHOP_ORDERS_SOLD_H
#define SEBEZ_SHOP_ORDERS_SOLD_H

#include "task/db.h"
#include "task/params.h"

/* Consumers of the outbox: count the goods of placed orders as sold, and take back the count of
 * what was cancelled of them, which is in the notices. */
void orders_count_sold(struct db *batch, struct uuid_array order_ids,
                       struct bigint_array notice_ids);
void orders_count_cancelled(struct db *batch, struct uuid_array order_ids,
                            struct bigint_array notice_ids);

#endif
