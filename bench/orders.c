/*
 * orders: what PostgreSQL does when the statements of placing an order come one by one: BEGIN, each
 * statement in its own round trip, COMMIT. The measure that the server is held against.
 *
 *   orders CONNINFO CONNECTIONS SECONDS <ACCOUNTS
 *
 * pgbench cannot say it: a statement's array parameters are different for each order. So this
 * does what pgbench does, and no more: one process per connection and libpq, blocking. The orders
 * are made beforehand by the server's own code (quote, split, insert), which gives the very
 * statements and parameters that the server would send; they are kept in memory and sent when the
 * clock runs. ACCOUNTS are lines "account session", each with an open cart.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "idempotency.sql.h"
#include "one_by_one.h"
#include "orders_read.sql.h"
#include "shop/carts/carts.h"
#include "shop/orders/insert.h"
#include "task/db_internal.h"

enum {
	ITEMS_MAX = 32,
	BODY_BYTES = 2600, /* of the answer that is kept with the key */
	ARENA_BYTES = 1024 * 1024,
};

struct prepared {
	struct task task;
	struct pg_item *items[ITEMS_MAX]; /* without BEGIN and COMMIT */
	size_t count;
};

static void take(struct prepared *prepared, struct db *batch, bool with_envelope)
{
	for (int i = with_envelope ? 0 : 1; i < batch->batch->count; i++)
		prepared->items[prepared->count++] = batch->batch->items[i];
}

/* Runs what the batch has collected, which only reads. */
static void read_now(struct db *batch)
{
	for (int i = 0; i < batch->batch->count; i++) {
		PGresult *result = one_run(batch->batch->items[i]);
		if (PQresultStatus(result) != PGRES_TUPLES_OK)
			one_die(batch->batch->items[i]->statement->name, one_error());
		if (batch->promises[i] != NULL)
			batch->promises[i]->result = result;
	}
}

static struct quote *make_quote(struct prepared *prepared)
{
	struct db *batch = db_batch(&prepared->task);
	struct quote_rows asked = quote_ask(batch, "GB");
	sql_order_of_last_cart(batch);
	read_now(batch);
	take(prepared, batch, true);
	struct quote *quote = quote_fetch(batch, &asked);
	if (quote->line_count == 0)
		one_die("an account", "has nothing in its cart");
	(void)quote_price(quote, 0, NULL);
	return quote;
}

static void make_order(struct prepared *prepared, const struct quote *quote, const char *key)
{
	static const uint8_t HASH[32];
	static char body[BODY_BYTES];
	int64_t now_us = clock_now_us();
	const struct order_terms terms = {
	    .payment_method = "cash_on_delivery",
	    .state = PLACED,
	    .now_us = now_us,
	    .deadline_us = now_us + 48 * INT64_C(3600000000),
	    .shipping_address = "{\"name\":\"Ann\",\"line1\":\"1 Main Street\",\"city\":\"X\"}",
	    .customer_name = "Ann",
	};
	struct db *batch = db_batch(&prepared->task);

	memset(body, 'x', sizeof(body));
	const struct order *order = order_split(prepared->task.arena, quote, &terms);

	sql_idempotency_keep(batch, key, "placeOrder", (struct bytes){HASH, sizeof(HASH)}, 201,
	                     &(struct bytes){(const uint8_t *)body, sizeof(body)});
	order_insert(batch, order);
	db_run_before(batch, batch); /* feed_flush */
	take(prepared, batch, false);
}

static void *prepared_new(const struct uuid line[])
{
	struct prepared *prepared = calloc(1, sizeof(*prepared));
	char *key;

	prepared->task.arena = arena_new(ARENA_BYTES, NULL, NULL);
	key = arena_alloc(prepared->task.arena, UUID_TEXT_LENGTH + 1); /* parameters point to it */
	prepared->task.actor =
	    (struct actor){.kind = ACTOR_CUSTOMER, .account_id = line[0], .session_id = line[1]};
	uuid_format(uuid_v7(), prepared->task.request_id);
	uuid_format(uuid_v7(), key);
	one_run_simple(&DB_BEGIN_STATEMENT);
	make_order(prepared, make_quote(prepared), key);
	one_run_simple(&DB_COMMIT_STATEMENT);
	return prepared;
}

/* False when any statement failed; then the transaction has rolled back. */
static bool place(void *made)
{
	const struct prepared *prepared = made;
	bool good = true;

	one_run_simple(&DB_BEGIN_STATEMENT);
	for (size_t i = 0; i < prepared->count && good; i++) {
		const struct pg_item *item = prepared->items[i];
		PGresult *result = one_run(item);
		ExecStatusType status = PQresultStatus(result);
		good = status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK;
		if (!good)
			fprintf(stderr, "orders: %s: %s", item->statement->name, one_error());
		PQclear(result);
	}
	one_run_simple(&DB_COMMIT_STATEMENT);
	return good;
}

static long statement_count(const void *made)
{
	return (long)((const struct prepared *)made)->count + 2;
}

int main(int argc, char **argv)
{
	return one_by_one(&(struct one_by_one){"orders", 2, prepared_new, place, statement_count},
	                  argc, argv);
}
