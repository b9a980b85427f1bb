/*
 * cart: the cart operations of customers and guests.
 */
#include <assert.h>
#include <sodium.h>
#include <string.h>

#include "api.gen.h"
#include "base/codec.h"
#include "base/limits.h"
#include "carts.sql.h"
#include "shop/carts/carts.h"
#include "web/reply.h"

enum { GUEST_TOKEN_BYTES = 32 };

_Static_assert(BASE64URL_LENGTH(GUEST_TOKEN_BYTES) + 1 ==
                   sizeof(((struct actor *)NULL)->guest_token),
               "an actor has room for the token");

/* Runs the batch, whether it changes the cart or not, and returns the resulting cart. */
static struct quote *run_and_fetch(struct db *batch, const struct quote_rows *asked)
{
	struct quote *quote;

	db_run(batch);
	quote = quote_fetch(batch, asked);
	(void)quote_price(quote, 0, NULL); /* no choices: none can be invalid */
	return quote;
}

static void reply_cart(struct request *rq, const struct quote *quote)
{
	struct buf body = buf_new(rq->task.arena, 1024);
	struct json json = json_new(&body);

	quote_cart_json(quote, &json);
	reply_json(rq, 200, &body);
}

/* GET /v1/cart */
void get_cart(struct request *rq, const struct get_cart_in *in)
{
	struct db *batch = db_batch(&rq->task);
	struct quote_rows asked = quote_ask(batch, NULL);

	reply_cart(rq, run_and_fetch(batch, &asked));
}

/* A guest's first line creates the cart and its token. */
static void ensure_guest_token(struct request *rq)
{
	struct actor *actor = &rq->task.actor;
	uint8_t random[GUEST_TOKEN_BYTES];

	if (actor->kind != ACTOR_GUEST || actor->guest_token[0])
		return;
	randombytes_buf(random, sizeof(random));
	base64url_encode(random, sizeof(random), actor->guest_token);
	reply_header(rq, "X-Cart-Token", actor->guest_token);
}

static struct rows *put_line(struct db *db, struct uuid variant_id, int32_t quantity)
{
	assert(quantity > 0 && quantity <= LIMIT_LINE_QUANTITY);
	assert(db_task(db)->actor.kind == ACTOR_CUSTOMER ||
	       db_task(db)->actor.guest_token[0] != '\0'); /* the cart has an owner */
	sql_cart_ensure(db, uuid_v7(), variant_id);
	sql_cart_lock(db);
	return sql_cart_line_put(db, variant_id, quantity, LIMIT_CART_LINES);
}

/* PUT /v1/cart/lines/{variant_id} */
void put_cart_line(struct request *rq, const struct put_cart_line_in *in)
{
	struct db *batch;
	struct quote_rows asked;
	struct rows *put;
	struct quote *quote;

	ensure_guest_token(rq);
	batch = db_batch(&rq->task);
	put = put_line(batch, in->variant_id, in->quantity);
	asked = quote_ask(batch, NULL);
	quote = run_and_fetch(batch, &asked);

	if (rows_count(put) == 0 && quote->line_count >= LIMIT_CART_LINES)
		task_end(&rq->task, PROBLEM_CONFLICT, "A cart has at most %d lines.",
		         LIMIT_CART_LINES);
	if (rows_count(put) == 0)
		task_end(&rq->task, PROBLEM_NOT_FOUND, "Variant not found, or not on sale.");
	reply_cart(rq, quote);
}

/* DELETE /v1/cart/lines/{variant_id} */
void delete_cart_line(struct request *rq, const struct delete_cart_line_in *in)
{
	struct db *batch = db_batch(&rq->task);
	struct quote_rows asked;

	sql_cart_line_delete(batch, in->variant_id);
	asked = quote_ask(batch, NULL);
	reply_cart(rq, run_and_fetch(batch, &asked));
}

/* DELETE /v1/cart */
void clear_cart(struct request *rq, const struct clear_cart_in *in)
{
	sql_cart_clear(db_of(&rq->task));
	reply_empty(rq);
}

/* POST /v1/cart/quote */
void quote_cart(struct request *rq, const struct quote_cart_in *in)
{
	struct db *batch = db_batch(&rq->task);
	struct quote_rows asked =
	    quote_ask(batch, in->shipping_address != NULL ? in->shipping_address->country : NULL);
	struct quote *quote;
	struct quote_wrong wrong;
	struct buf body = buf_new(rq->task.arena, 2048);
	struct json json = json_new(&body);

	db_run(batch);
	quote = quote_fetch(batch, &asked);
	if (quote->line_count == 0)
		task_end(&rq->task, PROBLEM_CART_EMPTY, "Add an item first.");
	wrong = quote_price(quote, in->shipping_count, in->shipping);
	if (wrong.what != CHOICES_FINE)
		quote_end_wrong(&rq->task, wrong);
	quote_json(quote, &json);
	reply_json(rq, 200, &body);
}

void cart_put(struct db *db, struct uuid variant_id, int32_t quantity)
{
	(void)put_line(db, variant_id, quantity);
}
