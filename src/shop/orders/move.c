#include "shop/orders/move.h"

#include <assert.h>

#include "api.gen.h"
#include "moves.sql.h"
#include "shop/chat/chat.h"
#include "shop/feed/feed.h"
#include "shop/orders/order_reply.h"

/* What each effect does to the deadline. */
static const enum sub_orders_move_clock CLOCKS[EFFECT_COUNT] = {
    [NO_EFFECT] = SUB_ORDERS_MOVE_CLOCK_KEEP,
    [RELEASE_STOCK] = SUB_ORDERS_MOVE_CLOCK_STOP,
    [START_ACCEPT_CLOCK] = SUB_ORDERS_MOVE_CLOCK_ACCEPT,
    [PROMISE_SHIPPING] = SUB_ORDERS_MOVE_CLOCK_PROMISE,
    [EXTEND_SHIPPING] = SUB_ORDERS_MOVE_CLOCK_EXTEND,
    [SHIP_REST] = SUB_ORDERS_MOVE_CLOCK_STOP,
    [START_COMPLETE_CLOCK] = SUB_ORDERS_MOVE_CLOCK_COMPLETE,
    [STOP_CLOCK] = SUB_ORDERS_MOVE_CLOCK_STOP,
};

void orders_move(struct db *db, struct uuid_array ids, const struct transition *transition,
                 const char *reason)
{
	bool cancels = transition->to == CANCELLED;

	assert(transition->effect < EFFECT_COUNT);
	if (ids.count == 0)
		return;
	if (cancels)
		sql_order_lines_cancel_rest(db, ids);
	sql_sub_orders_move(db, &(struct sub_orders_move_args){
	                            .ids = ids,
	                            .to = sub_order_state_name(transition->to),
	                            .clock = CLOCKS[transition->effect],
	                            .noted = true,
	                            .reason = reason,
	                            .cancel_reason = cancels ? reason : NULL,
	                        });
	feed_notify(db);
	chat_system_message(db, ids, sub_order_state_name(transition->to));
}

/* Records a change that keeps the state: as an event, and a cancellation in the history. */
static void keep_state(struct db *db, struct uuid_array ids, enum sub_order_state state,
                       enum sub_orders_move_clock clock, enum sub_order_change_choice change,
                       const char *reason)
{
	bool noted = change == SUB_ORDER_CHANGE_LINES_CANCELLED;

	sql_sub_orders_move(db, &(struct sub_orders_move_args){
	                            .ids = ids,
	                            .to = sub_order_state_name(state),
	                            .clock = clock,
	                            .change = SUB_ORDER_CHANGE_NAMES[change],
	                            .noted = noted,
	                            .reason = reason,
	                            .cancel_reason = noted ? reason : NULL,
	                        });
	feed_notify(db);
}

void orders_cancel_rest(struct db *db, struct uuid_array ids, enum sub_order_state state,
                        const char *reason)
{
	if (ids.count == 0)
		return;
	sql_order_lines_cancel_rest(db, ids);
	keep_state(db, ids, state, SUB_ORDERS_MOVE_CLOCK_KEEP, SUB_ORDER_CHANGE_LINES_CANCELLED,
	           reason);
}

void orders_settle(struct db *db, struct uuid_array ids)
{
	sql_payments_settle(db, ids);
	sql_stock_release(db, ids);
}

void orders_invoice(struct db *db, struct uuid_array ids)
{
	sql_invoices_issue(db, ids);
}

static struct uuid_array own_id(const struct move *move)
{
	return (struct uuid_array){1, &move->part->id};
}

struct move move_begin(struct task *task, struct uuid sub_order_id)
{
	struct move move = {.task = task, .tx = db_begin(task)};
	struct sub_order_rows asked;

	move.writes = db_chain(move.tx);
	sql_sub_order_lock(move.writes, sub_order_id);
	asked = sub_order_ask(move.writes, sub_order_id);
	db_run(move.writes);
	move.part = sub_order_fetch(move.writes, &asked);
	assert(uuid_equal(move.part->id, sub_order_id) && move.part->line_count > 0);
	return move;
}

_Noreturn void move_refuse(const struct move *move, const char *detail)
{
	end_not_allowed(move->task, move->part->state,
	                sub_order_movers(move->part, move->part->who), detail);
}

void move_check(const struct move *move, enum sub_order_state to)
{
	if (transition_find(move->part->state, to, move->part->who) != NULL)
		return;
	move_refuse(
	    move, arena_printf(move->task->arena, "The sub-order is %s and cannot become %s.",
	                       sub_order_state_name(move->part->state), sub_order_state_name(to)));
}

static int32_t left_of(const struct order_line *line)
{
	int32_t left = line->goods.quantity - line->cancelled_quantity - line->shipped_quantity;

	assert(line->cancelled_quantity >= 0 && line->shipped_quantity >= 0 && left >= 0);
	return left;
}

static struct line_quantities quantities_new(const struct move *move, size_t count)
{
	return (struct line_quantities){
	    .items = arena_array(move->task->arena, count, sizeof(struct line_quantity)),
	};
}

struct line_quantities move_rest(const struct move *move)
{
	struct line_quantities rest = quantities_new(move, move->part->line_count);

	for (size_t i = 0; i < move->part->line_count; i++)
		if (left_of(&move->part->lines[i]) > 0)
			rest.items[rest.count++] = (struct line_quantity){
			    .line = move->part->lines[i].id,
			    .quantity = left_of(&move->part->lines[i]),
			};
	return rest;
}

static struct order_line *line_of(const struct move *move, struct uuid id)
{
	for (size_t i = 0; i < move->part->line_count; i++)
		if (uuid_equal(move->part->lines[i].id, id))
			return &move->part->lines[i];
	return NULL;
}

static bool has_line(const struct line_quantities *lines, struct uuid id)
{
	for (size_t i = 0; i < lines->count; i++)
		if (uuid_equal(lines->items[i].line, id))
			return true;
	return false;
}

struct line_quantities move_lines(const struct move *move, size_t count,
                                  const struct line_quantity_input_in *lines)
{
	struct line_quantities chosen = quantities_new(move, count);
	struct arena *arena = move->task->arena;

	for (size_t i = 0; i < count; i++) {
		const struct order_line *line = line_of(move, lines[i].line_id);
		if (line == NULL)
			task_end_field(move->task, arena_printf(arena, "/lines/%zu/line_id", i),
			               "unknown", "This line is not part of the sub-order.");
		if (has_line(&chosen, line->id))
			task_end_field(move->task, arena_printf(arena, "/lines/%zu/line_id", i),
			               "duplicate", "This line is listed twice.");
		if (lines[i].quantity > left_of(line))
			task_end_field(move->task, arena_printf(arena, "/lines/%zu/quantity", i),
			               "maximum", "At most %d of this line can be chosen.",
			               left_of(line));
		assert(lines[i].quantity > 0 && chosen.count < count);
		chosen.items[chosen.count++] = (struct line_quantity){line->id, lines[i].quantity};
	}
	return chosen;
}

static void count_shipped(struct move *move, const struct line_quantities *lines)
{
	for (size_t i = 0; i < lines->count; i++)
		line_of(move, lines->items[i].line)->shipped_quantity += lines->items[i].quantity;
}

static void count_cancelled(struct move *move, const struct line_quantities *lines)
{
	for (size_t i = 0; i < lines->count; i++)
		line_of(move, lines->items[i].line)->cancelled_quantity += lines->items[i].quantity;
}

static bool anything_shipped(const struct move *move)
{
	for (size_t i = 0; i < move->part->line_count; i++)
		if (move->part->lines[i].shipped_quantity > 0)
			return true;
	return false;
}

static void insert_parcel(struct move *move, const struct line_quantities *lines,
                          const struct parcel *parcel)
{
	assert(lines->count > 0 && lines->count <= move->part->line_count);
	sql_shipment_insert(move->writes, &(struct shipment_insert_args){
	                                      .vendor = move->part->vendor_id,
	                                      .id = uuid_v7(),
	                                      .sub_order = move->part->id,
	                                      .carrier = parcel->carrier,
	                                      .tracking_number = parcel->tracking_number,
	                                      .tracking_url = parcel->tracking_url,
	                                      .lines_count = lines->count,
	                                      .lines = lines->items,
	                                  });
	count_shipped(move, lines);
}

/* The effect of a transition on lines and shipments; orders_move handles deadlines and stock. */
static void apply(struct move *move, enum effect effect)
{
	struct line_quantities rest = move_rest(move);

	if (effect == SHIP_REST && rest.count > 0)
		insert_parcel(move, &rest, &(struct parcel){0});
	else if (effect == START_COMPLETE_CLOCK)
		sql_shipments_arrive(move->writes, move->part->id, NULL);
	else if (effect == RELEASE_STOCK)
		count_cancelled(move, &rest);
}

/* What is neither shipped nor cancelled agrees with the state that was just reached. */
static bool rest_agrees(const struct move *move)
{
	bool is_left = move_rest(move).count > 0;

	switch (move->part->state) {
	case CANCELLED:
	case SHIPPED:
		return !is_left;
	case PART_SHIPPED:
		return is_left && anything_shipped(move);
	default:
		return true;
	}
}

static void make_transition(struct move *move, const struct transition *transition,
                            const char *reason)
{
	assert(transition != NULL && transition->from == move->part->state);
	apply(move, transition->effect);
	orders_move(move->writes, own_id(move), transition, reason);
	move->cancels = move->cancels || transition->to == CANCELLED;
	move->ships = move->ships || transition->to == SHIPPED;
	move->part->state = transition->to;
	assert(rest_agrees(move));
}

void move_to(struct move *move, enum sub_order_state to, const char *reason)
{
	const struct transition *transition;

	move_check(move, to);
	assert(to != CANCELLED || !anything_shipped(move)); /* else use move_cancel */
	transition = transition_find(move->part->state, to, move->part->who);
	/* The contract requires a reason. */
	assert(reason != NULL || !transition->needs_reason ||
	       order_view_of(move->task) == VIEW_CUSTOMER);
	make_transition(move, transition, reason);
}

static void record_change(struct move *move, const char *reason)
{
	keep_state(move->writes, own_id(move), move->part->state, SUB_ORDERS_MOVE_CLOCK_KEEP,
	           SUB_ORDER_CHANGE_LINES_CANCELLED, reason);
}

/* Whether all shipments have arrived, counting just_arrived (may be NULL) as arrived. */
static bool everything_arrived(struct move *move, const struct uuid *just_arrived)
{
	size_t count;
	const struct rows *rows = sql_shipments_of(move->tx, move->part->id);
	const struct shipments_of_row *shipments = sql_shipments_of_rows(move->tx, rows, &count);

	for (size_t i = 0; i < count; i++)
		if (!shipments[i].arrived &&
		    !(just_arrived != NULL && uuid_equal(shipments[i].id, *just_arrived)))
			return false;
	return count > 0;
}

static void cancel_lines(struct move *move, const struct line_quantities *lines, const char *reason)
{
	bool shipped = anything_shipped(move);

	assert(lines->count <= move->part->line_count);
	sql_order_lines_cancel(move->writes, move->part->vendor_id, lines->count, lines->items);
	count_cancelled(move, lines);
	move->cancels = true;
	if (move_rest(move).count > 0) {
		record_change(move, reason);
	} else if (!shipped) {
		move_to(move, CANCELLED, reason);
	} else {
		record_change(move, reason);
		move_to(move, SHIPPED, NULL);
		if (everything_arrived(move, NULL))
			move_to(move, DELIVERED, NULL);
	}
}

void move_cancel(struct move *move, size_t count, const struct line_quantity_input_in *lines,
                 const char *reason)
{
	struct line_quantities some;

	move_check(move, CANCELLED);
	some = lines != NULL ? move_lines(move, count, lines) : move_rest(move);
	cancel_lines(move, &some, reason);
}

void move_ship(struct move *move, const struct line_quantities *lines, const struct parcel *parcel)
{
	move_check(move, SHIPPED);
	insert_parcel(move, lines, parcel);
	if (move_rest(move).count == 0)
		move_to(move, SHIPPED, NULL);
	else if (move->part->state != PART_SHIPPED)
		make_transition(move, transition_find(move->part->state, PART_SHIPPED, BY_SHIPMENT),
		                NULL);
	else
		keep_state(move->writes, own_id(move), move->part->state,
		           SUB_ORDERS_MOVE_CLOCK_EXTEND, SUB_ORDER_CHANGE_PARCEL_SENT, NULL);
}

bool move_has_arrived(struct move *move, struct uuid shipment_id)
{
	size_t count;
	const struct rows *rows = sql_shipments_of(move->tx, move->part->id);
	const struct shipments_of_row *shipments = sql_shipments_of_rows(move->tx, rows, &count);

	for (size_t i = 0; i < count; i++)
		if (uuid_equal(shipments[i].id, shipment_id))
			return shipments[i].arrived;
	task_end(move->task, PROBLEM_NOT_FOUND, "Shipment not found.");
}

/* Ends the task (409) when no shipment is in transit. */
static void check_some_in_transit(struct move *move)
{
	size_t count;
	const struct rows *rows = sql_shipments_of(move->tx, move->part->id);
	const struct shipments_of_row *shipments = sql_shipments_of_rows(move->tx, rows, &count);

	for (size_t i = 0; i < count; i++)
		if (!shipments[i].arrived)
			return;
	move_refuse(move, "No shipment is in transit.");
}

void move_arrive(struct move *move, const struct uuid *shipment_id)
{
	if (shipment_id != NULL && move_has_arrived(move, *shipment_id))
		move_refuse(move, "This shipment was already delivered.");
	if (shipment_id == NULL && move->part->state != SHIPPED)
		check_some_in_transit(move);
	if (move->part->state == SHIPPED &&
	    (shipment_id == NULL || everything_arrived(move, shipment_id))) {
		move_to(move, DELIVERED, NULL);
		return;
	}
	sql_shipments_arrive(move->writes, move->part->id, shipment_id);
	keep_state(move->writes, own_id(move), move->part->state, SUB_ORDERS_MOVE_CLOCK_KEEP,
	           SUB_ORDER_CHANGE_PARCEL_ARRIVED, NULL);
}

struct sub_order *move_finish(struct move *move)
{
	struct sub_order_rows asked;

	if (move->cancels || move->part->state == DELIVERED)
		orders_settle(move->writes, own_id(move));
	if (move->ships)
		orders_invoice(move->writes, own_id(move));
	asked = sub_order_ask(move->writes, move->part->id);
	db_run(move->writes);
	return sub_order_fetch(move->writes, &asked);
}
