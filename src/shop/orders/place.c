/*
 * place: turns the cart into an order, split by vendor.
 *
 * Two round trips. The first reads the cart and its price; the second writes everything in one
 * transaction, guarded by the cart's version and by the statement that takes the stock, which fails
 * for goods sold out or no longer sold as quoted. So no lock is held during computation, and a
 * popular variant is locked for the commit only. Orders that arrive at the same time share the
 * second (place_together.h).
 */
#include <string.h>

#include "api.gen.h"
#include "base/clock.h"
#include "base/limits.h"
#include "orders_read.sql.h"
#include "shop/carts/carts.h"
#include "shop/consents/consents.h"
#include "shop/orders/orders.h"
#include "shop/orders/place_together.h"
#include "shop/payments/payments.h"
#include "task/key_lock.h"
#include "web/idempotency.h"
#include "web/reply.h"

enum {
	/* Attempts per request: each further one means that the cart or a price changed in the
	 * milliseconds between the two round trips. */
	PLACE_TRIES_MAX = 5,
};

static const int64_t HOUR_US = (int64_t)3600 * 1000000;

/* A provider that the customer may have been offered, and no more is. */
static void check_method(struct task *task, const struct place_order_in *in)
{
	enum payment_method_choice method = in->payment.method;

	if (method != PAYMENT_METHOD_CASH_ON_DELIVERY && method != PAYMENT_METHOD_MANUAL &&
	    !payments_offer(PAYMENT_METHOD_NAMES[method], in->quote_total.currency))
		task_end_field(task, "/payment/method", "unavailable",
		               "Orders cannot be paid in this way here.");
}

static const char *quote_member(struct arena *arena, const struct quote *quote)
{
	struct buf buf = buf_new(arena, 2048);
	struct json json = json_new(&buf);

	buf_add_str(&buf, "\"quote\":");
	quote_json(quote, &json);
	return buf.data;
}

_Noreturn static void end_with_quote(struct task *task, const struct problem_code *code,
                                     const struct quote *quote, const char *detail)
{
	task_end_with(task, (struct problem){
	                        .code = code,
	                        .detail = detail,
	                        .extra = quote_member(task->arena, quote),
	                    });
}

/* The cart was already ordered by a concurrent or repeated request. */
_Noreturn static void end_as_ordered(struct task *task, const struct order_of_last_cart_row *last)
{
	char id[UUID_TEXT_LENGTH + 1];

	uuid_format(last->id, id);
	task_end_with(task, (struct problem){
	                        .code = PROBLEM_CART_ORDERED,
	                        .detail = arena_printf(task->arena, "The cart became order %s.",
	                                               last->number),
	                        .extra = arena_printf(task->arena, "\"order_id\":\"%s\"", id),
	                    });
}

/* The current quote of the cart. Ends the task when it differs from the one the customer agreed to.
 */
static struct quote *agreed_quote(struct task *task, const struct place_order_in *in)
{
	struct db *batch = db_batch(task);

	consents_expect(batch, CONSENTS_OF_CUSTOMER, in->accepted_documents_count,
	                in->accepted_documents);

	struct quote_rows asked = quote_ask(batch, in->shipping_address.country);
	struct rows *last = sql_order_of_last_cart(batch);
	const struct order_of_last_cart_row *order;
	struct quote_wrong wrong;
	struct quote *quote;
	size_t count;

	db_run(batch);
	quote = quote_fetch(batch, &asked);
	/* Each statement of a batch sees what was committed before it. The cart may be open for the
	 * first statement and gone for the second, but then the last one sees the order. */
	order = sql_order_of_last_cart_rows(batch, last, &count);
	if (count && (uuid_is_nil(quote->cart_id) || uuid_equal(order->cart_id, quote->cart_id)))
		end_as_ordered(task, order);
	if (quote->line_count == 0)
		task_end(task, PROBLEM_CART_EMPTY, "Add an item first.");
	wrong = quote_price(quote, in->shipping_count, in->shipping);
	if (wrong.what == CHOICE_TWICE)
		quote_end_wrong(task, wrong);
	if (strcmp(in->quote_total.currency, quote->terms.currency) != 0)
		task_end_field(task, "/quote_total/currency", "currency",
		               "This marketplace sells in %s.", quote->terms.currency);
	if (quote->problem_count)
		end_with_quote(task, PROBLEM_OUT_OF_STOCK, quote,
		               "An item in the cart is unavailable.");
	if (quote->undeliverable_count)
		end_with_quote(task, PROBLEM_NO_DELIVERY, quote,
		               "Choose another address, or remove the items of that vendor.");
	if (wrong.what != CHOICES_FINE) /* the method was offered when the customer chose it */
		end_with_quote(task, PROBLEM_QUOTE_CHANGED, quote,
		               "A chosen delivery method is no longer offered.");
	if (in->quote_total.amount != quote->amounts.total)
		end_with_quote(task, PROBLEM_QUOTE_CHANGED, quote, "The total has changed.");
	if (in->quote_hash != NULL && strcmp(in->quote_hash, quote->hash) != 0)
		end_with_quote(task, PROBLEM_QUOTE_CHANGED, quote,
		               "The total is the same, but its parts have changed.");
	return quote;
}

static const char *address_json(struct arena *arena, const struct address_input_in *address)
{
	struct buf buf = buf_new(arena, 512);
	struct json json = json_new(&buf);
	const struct {
		const char *key, *value;
	} members[] = {
	    {"name", address->name},
	    {"company", address->company},
	    {"line1", address->line1},
	    {"line2", address->line2},
	    {"city", address->city},
	    {"region", address->region},
	    {"postal_code", address->postal_code},
	    {"country", address->country},
	    {"phone", address->phone},
	};

	json_open_object(&json);
	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
		json_key(&json, members[i].key);
		json_str(&json, members[i].value);
	}
	json_close_object(&json);
	return buf.data;
}

/* How long an order waits for its payment. */
static int64_t payment_time_us(const struct quote *quote, enum payment_method_choice method)
{
	return method == PAYMENT_METHOD_MANUAL ? quote->terms.payment_hours * HOUR_US
	                                       : payments_minutes() * (HOUR_US / 60);
}

/* Cash is paid at delivery, so the order is placed at once; other payments are awaited first,
 * unless the total is 0. */
static struct order_terms terms_of(struct arena *arena, const struct quote *quote,
                                   const struct place_order_in *in)
{
	bool cash = in->payment.method == PAYMENT_METHOD_CASH_ON_DELIVERY;
	bool paid = !cash && quote->amounts.total == 0;
	bool placed = cash || paid;
	int64_t time_us = placed ? quote->terms.accept_hours * HOUR_US
	                         : payment_time_us(quote, in->payment.method);
	int64_t now_us = clock_now_us();

	return (struct order_terms){
	    .payment_method = PAYMENT_METHOD_NAMES[in->payment.method],
	    .state = placed ? PLACED : AWAITING_PAYMENT,
	    .paid = paid,
	    .now_us = now_us,
	    .deadline_us = now_us + time_us,
	    .shipping_address = address_json(arena, &in->shipping_address),
	    .customer_name = in->shipping_address.name,
	    .note = in->note,
	};
}

/* One that accepts documents writes more than an order. */
static bool may_join_others(const struct request *rq, const struct place_order_in *in,
                            const struct order *order)
{
	size_t lines = 0;

	for (size_t i = 0; i < order->sub_order_count; i++)
		lines += order->sub_orders[i].line_count;
	return (rq->idempotency == NULL || rq->idempotency->fence_us == 0) &&
	       lines <= LIMIT_TOGETHER_LINES && in->accepted_documents_count == 0;
}

/* False when it was not placed, for whatever reason. */
static bool write_together(struct request *rq, const struct order *order, const struct buf *body)
{
	struct idempotency *key = rq->idempotency;
	struct placing placing = {
	    .order = order,
	    .account_id = rq->task.actor.account_id,
	    .session_id = rq->task.actor.session_id,
	};

	if (key != NULL) {
		placing.key = key->key;
		placing.hash = (struct bytes){.data = key->hash, .length = sizeof(key->hash)};
		placing.body = (struct bytes){.data = body->data, .length = body->length};
	}
	if (!place_together(&rq->task, &placing))
		return false;
	if (key != NULL)
		key->kept = true;
	return true;
}

/* False when the cart, a price or the stock changed since the quote. */
static bool write_alone(struct request *rq, const struct place_order_in *in,
                        const struct order *order, const struct buf *body)
{
	struct db *batch = db_batch(&rq->task);
	bool placed;

	order_lock_variants(&rq->task, order);
	consents_accept(batch, CONSENTS_OF_CUSTOMER, in->accepted_documents_count,
	                in->accepted_documents);
	order_insert(batch, order);
	placed = reply_try_commit_json(rq, batch, 201, body) == NULL;
	key_lock_release(&rq->task);
	return placed;
}

/* Writes the order and replies; false as above. */
static bool write_and_reply(struct request *rq, const struct place_order_in *in,
                            const struct order *order)
{
	struct buf body = buf_new(rq->task.arena, 4096);
	struct json json = json_new(&body);
	char id[UUID_TEXT_LENGTH + 1];

	order_json(order, VIEW_CUSTOMER, &json);
	uuid_format(order->id, id);
	reply_header(rq, "Location", arena_printf(rq->task.arena, "/v1/orders/%s", id));
	if (!may_join_others(rq, in, order) || !write_together(rq, order, &body))
		return write_alone(rq, in, order, &body);
	reply_json(rq, 201, &body);
	return true;
}

/* POST /v1/orders: only at a total that the customer has seen. */
void place_order(struct request *rq, const struct place_order_in *in)
{
	struct task *task = &rq->task;

	check_method(task, in);
	for (int i = 0; i < PLACE_TRIES_MAX; i++) {
		struct quote *quote = agreed_quote(task, in);
		struct order_terms terms = terms_of(task->arena, quote, in);

		if (write_and_reply(rq, in, order_split(task->arena, quote, &terms)))
			return;
	}
	task_end(task, PROBLEM_OVERLOADED, "The cart keeps changing; please try again.");
}
