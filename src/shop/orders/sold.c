/*
 * Units are counted after orders are placed, so that buyers of one product do not wait for each
 * other.
 */
#include "shop/orders/sold.h"

#include "sold.sql.h"

void orders_count_sold(struct db *batch, struct uuid_array order_ids,
                       struct bigint_array notice_ids)
{
	(void)notice_ids;
	sql_sold_lock(batch, order_ids);
	sql_sold_count(batch, order_ids);
	sql_sold_list(batch, order_ids);
}

void orders_count_cancelled(struct db *batch, struct uuid_array order_ids,
                            struct bigint_array notice_ids)
{
	sql_sold_lock(batch, order_ids);
	sql_sold_uncount(batch, notice_ids);
	sql_sold_list(batch, order_ids);
}
