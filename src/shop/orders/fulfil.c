/*
 * fulfil: a vendor accepts, packs, ships and delivers a sub-order; a customer confirms delivery.
 */
#include "api.gen.h"
#include "shop/orders/order_reply.h"

/* POST /v1/vendors/{vendor_id}/sub-orders/{sub_order_id}/accept */
void accept_sub_order(struct request *rq, const struct accept_sub_order_in *in)
{
	struct move move = move_begin(&rq->task, in->sub_order_id);

	move_to(&move, ACCEPTED, in->reason);
	reply_move(rq, &move);
}

/* POST /v1/vendors/{vendor_id}/sub-orders/{sub_order_id}/pack */
void pack_sub_order(struct request *rq, const struct pack_sub_order_in *in)
{
	struct move move = move_begin(&rq->task, in->sub_order_id);

	move_to(&move, PACKED, in->reason);
	reply_move(rq, &move);
}

/* POST /v1/vendors/{vendor_id}/sub-orders/{sub_order_id}/ship */
void ship_sub_order(struct request *rq, const struct ship_sub_order_in *in)
{
	struct move move = move_begin(&rq->task, in->sub_order_id);
	struct parcel parcel = {in->carrier, in->tracking_number, in->tracking_url};
	struct line_quantities lines;

	move_check(&move, SHIPPED);
	lines =
	    in->lines != NULL ? move_lines(&move, in->lines_count, in->lines) : move_rest(&move);
	move_ship(&move, &lines, &parcel);
	reply_move(rq, &move);
}

/* POST /v1/vendors/{vendor_id}/sub-orders/{sub_order_id}/deliver */
void deliver_sub_order(struct request *rq, const struct deliver_sub_order_in *in)
{
	struct move move = move_begin(&rq->task, in->sub_order_id);

	move_arrive(&move, in->shipment_id);
	reply_move(rq, &move);
}

/* POST /v1/sub-orders/{sub_order_id}/shipments/{shipment_id}/confirm-delivery: also while the rest
 * is in transit or not shipped. Idempotent. */
void confirm_shipment_delivery(struct request *rq, const struct confirm_shipment_delivery_in *in)
{
	struct move move = move_begin(&rq->task, in->sub_order_id);

	if (!move_has_arrived(&move, in->shipment_id))
		move_arrive(&move, &in->shipment_id);
	reply_move(rq, &move);
}

/* POST /v1/sub-orders/{sub_order_id}/confirm-delivery: completes a sub-order that the vendor has
 * marked as delivered; else marks it as delivered. Idempotent. */
void confirm_delivery(struct request *rq, const struct confirm_delivery_in *in)
{
	struct move move = move_begin(&rq->task, in->sub_order_id);

	if (!move.part->confirmed)
		move_to(&move, move.part->state == DELIVERED ? COMPLETED : DELIVERED, in->reason);
	reply_move(rq, &move);
}
