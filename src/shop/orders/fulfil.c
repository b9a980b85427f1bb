/*
 * fulfil: a vendor accepts, packs, ships and delivers its part; a customer says that it arrived.
 */
#include <string.h>

#include "api.gen.h"
#include "moves.sql.h"
#include "shop/orders/handle.h"

/* POST /v1/vendors/{vendor_id}/sub-orders/{sub_order_id}/accept */
void accept_sub_order(struct request *rq, const struct accept_sub_order_in *in)
{
	struct move move = move_begin(&rq->task, in->sub_order_id, VIEW_VENDOR);

	move_to(&move, ACCEPTED, in->reason);
	reply_move(rq, &move);
}

/* POST /v1/vendors/{vendor_id}/sub-orders/{sub_order_id}/pack */
void pack_sub_order(struct request *rq, const struct pack_sub_order_in *in)
{
	struct move move = move_begin(&rq->task, in->sub_order_id, VIEW_VENDOR);

	move_to(&move, PACKED, in->reason);
	reply_move(rq, &move);
}

/* POST /v1/vendors/{vendor_id}/sub-orders/{sub_order_id}/ship */
void ship_sub_order(struct request *rq, const struct ship_sub_order_in *in)
{
	struct move move = move_begin(&rq->task, in->sub_order_id, VIEW_VENDOR);
	struct parcel parcel = {in->carrier, in->tracking_number, in->tracking_url};
	struct line_quantities lines;

	move_check(&move, SHIPPED);
	lines = in->lines ? move_lines(&move, in->lines_count, in->lines) : move_rest(&move);
	move_ship(&move, &lines, &parcel);
	reply_move(rq, &move);
}

/* POST /v1/vendors/{vendor_id}/sub-orders/{sub_order_id}/deliver */
void deliver_sub_order(struct request *rq, const struct deliver_sub_order_in *in)
{
	struct move move = move_begin(&rq->task, in->sub_order_id, VIEW_VENDOR);

	move_arrive(&move, in->shipment_id);
	reply_move(rq, &move);
}

/* The customer's word was the last step: when it is given again, nothing changes. */
static bool confirmed(const struct move *move)
{
	enum sub_order_state state = move->part->state;
	const struct rows *rows;

	if (state != DELIVERED && state != COMPLETED)
		return false;
	rows = sql_sub_order_moved_last_by(move->tx, move->part->id);
	return strcmp(sql_sub_order_moved_last_by_rows(move->tx, rows, NULL)->actor, "customer") ==
	       0;
}

/* POST /v1/sub-orders/{sub_order_id}/confirm-delivery: of one that the vendor has said to be
 * delivered it says that all is well, which completes it. */
void confirm_delivery(struct request *rq, const struct confirm_delivery_in *in)
{
	struct move move = move_begin(&rq->task, in->sub_order_id, VIEW_CUSTOMER);

	if (!confirmed(&move))
		move_to(&move, move.part->state == DELIVERED ? COMPLETED : DELIVERED, in->reason);
	reply_move(rq, &move);
}
