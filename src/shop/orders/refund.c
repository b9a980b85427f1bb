/*
 * refund: what was shipped and paid is refunded, by line and quantity, of the shipping, and as
 * goodwill. What it amounts to is computed in the database (refund_sub_order()).
 */
#include <assert.h>

#include "api.gen.h"
#include "moves.sql.h"
#include "refunds.sql.h"
#include "shop/feed/feed.h"
#include "shop/orders/orders.h"
#include "web/reply.h"

static void make(struct db *chain, const struct order_refund *refund)
{
	struct arena *arena = db_task(chain)->arena;
	struct refund_make_lines *lines = arena_array(arena, refund->line_count, sizeof(lines[0]));

	assert(refund->shipping >= 0 && refund->goodwill >= 0 && refund->reason != NULL);
	for (size_t i = 0; i < refund->line_count; i++)
		lines[i] = (struct refund_make_lines){.line = refund->lines[i].line_id,
		                                      .quantity = refund->lines[i].quantity,
		                                      .restock = refund->lines[i].restock};
	sql_refund_make(chain, &(struct refund_make_args){
	                           .id = refund->id,
	                           .sub_order = refund->sub_order_id,
	                           .lines_count = refund->line_count,
	                           .lines = lines,
	                           .shipping = refund->shipping,
	                           .shipping_currency = refund->shipping_currency,
	                           .goodwill = refund->goodwill,
	                           .goodwill_currency = refund->goodwill_currency,
	                           .goodwill_by = refund->goodwill_by,
	                           .reason = refund->reason,
	                       });
}

void orders_grant_refund(struct db *chain, const struct order_refund *refund)
{
	make(chain, refund);
	sql_refund_tell(chain, refund->id);
	feed_notify(chain);
}

/* Locks the sub-order, which the actor must have (404). */
static void grant(struct request *rq, const struct order_refund *refund)
{
	struct db *tx = db_begin(&rq->task);
	struct db *chain = db_chain(tx);
	struct rows *made;

	if (refund->line_count == 0 && refund->shipping == 0 && refund->goodwill == 0)
		task_end_field(&rq->task, "/lines", "required",
		               "Give lines, shipping or goodwill.");
	sql_sub_order_lock(tx, refund->sub_order_id);
	orders_grant_refund(chain, refund);
	made = sql_refund_read(chain, refund->id);
	db_run(chain);
	reply_commit_row(rq, tx, 201, made);
}

static int64_t amount_of(const struct money *money)
{
	return money != NULL ? money->amount : 0;
}

static const char *currency_of(const struct money *money)
{
	return money != NULL ? money->currency : NULL;
}

/* POST /v1/vendors/{vendor_id}/sub-orders/{sub_order_id}/refunds */
void refund_sub_order(struct request *rq, const struct refund_sub_order_in *in)
{
	grant(rq, &(struct order_refund){
	              .id = uuid_v7(),
	              .sub_order_id = in->sub_order_id,
	              .line_count = in->lines_count,
	              .lines = in->lines,
	              .shipping = amount_of(in->shipping),
	              .shipping_currency = currency_of(in->shipping),
	              .goodwill = amount_of(in->goodwill),
	              .goodwill_currency = currency_of(in->goodwill),
	              .goodwill_by = GOODWILL_BY_NAMES[GOODWILL_BY_VENDOR],
	              .reason = in->reason,
	          });
}

/* POST /v1/admin/sub-orders/{sub_order_id}/refunds */
void admin_refund_sub_order(struct request *rq, const struct admin_refund_sub_order_in *in)
{
	enum goodwill_by_choice by =
	    in->goodwill_by != NULL ? *in->goodwill_by : GOODWILL_BY_VENDOR;

	grant(rq, &(struct order_refund){
	              .id = uuid_v7(),
	              .sub_order_id = in->sub_order_id,
	              .line_count = in->lines_count,
	              .lines = in->lines,
	              .shipping = amount_of(in->shipping),
	              .shipping_currency = currency_of(in->shipping),
	              .goodwill = amount_of(in->goodwill),
	              .goodwill_currency = currency_of(in->goodwill),
	              .goodwill_by = GOODWILL_BY_NAMES[by],
	              .reason = in->reason,
	          });
}

/* GET /v1[/vendors/{vendor_id}|/admin]/sub-orders/{sub_order_id}/refunds */
void list_sub_order_refunds(struct request *rq, const struct list_sub_order_refunds_in *in)
{
	struct db *db = db_of(&rq->task);
	const struct rows *rows = sql_refunds_of(db, in->sub_order_id);
	struct buf body = buf_new(rq->task.arena, 1024);

	buf_printf(&body, "{\"items\":%s,\"next_cursor\":null}",
	           sql_refunds_of_rows(db, rows, NULL)->items);
	reply_json(rq, 200, &body);
}
