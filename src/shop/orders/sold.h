/*
 * sold: units of each product ordered and not cancelled, for sorting by best sellers.
 */
#ifndef SEBEZ_SHOP_ORDERS_SOLD_H
#define SEBEZ_SHOP_ORDERS_SOLD_H

#include "task/db.h"
#include "task/params.h"

/* Outbox consumers: add the units of placed orders to the sold counts, and subtract cancelled
 * units, which are in the payloads of the outbox rows. */
void orders_count_sold(struct db *batch, struct uuid_array order_ids,
                       struct bigint_array notice_ids);
void orders_count_cancelled(struct db *batch, struct uuid_array order_ids,
                            struct bigint_array notice_ids);

#endif
