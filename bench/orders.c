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
#include <endian.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "idempotency.sql.h"
#include "net/loop.h"
#include "orders_read.sql.h"
#include "shop/carts/carts.h"
#include "shop/orders/insert.h"
#include "store/pg_types.h"
#include "task/db_internal.h"
#include "task/task.h"

enum {
	ACCOUNTS_MAX = 200000,
	ORDERS_MAX = 4000, /* of one connection; their parameters stay in memory */
	ITEMS_MAX = 32,
	NAMES_MAX = 4096,  /* statements by their number */
	BODY_BYTES = 2600, /* of the answer that is kept with the key */
	ARENA_BYTES = 1024 * 1024,
};

struct placing {
	struct task task;
	struct pg_item *items[ITEMS_MAX]; /* without BEGIN and COMMIT */
	size_t count, claim, keep;        /* where the key is claimed and its answer kept */
};

struct shared {
	volatile int ready, go;
	struct {
		long orders, statements, failures;
		double seconds;
	} of[64];
};

static struct {
	struct uuid account, session;
} accounts[ACCOUNTS_MAX];
static PGconn *connection;
static bool prepared[NAMES_MAX];

static void die(const char *what, const char *why)
{
	fprintf(stderr, "orders: %s: %s\n", what, why);
	exit(1);
}

static PGresult *run(const struct pg_item *item)
{
	const struct pg_statement *statement = item->statement;
	const char *values[LIMIT_PG_PARAMS];
	int lengths[LIMIT_PG_PARAMS], formats[LIMIT_PG_PARAMS];

	if (!prepared[statement->number]) {
		PQclear(PQprepare(connection, statement->name, statement->text,
		                  statement->param_count, statement->param_types));
		prepared[statement->number] = true;
	}
	for (int i = 0; i < statement->param_count; i++) {
		values[i] = item->params[i].bytes;
		lengths[i] = item->params[i].length;
		formats[i] = 1;
	}
	return PQexecPrepared(connection, statement->name, statement->param_count, values, lengths,
	                      formats, 1);
}

static void run_simple(const struct pg_statement *statement)
{
	struct pg_item item = {.statement = statement};
	PQclear(run(&item));
}

static void take(struct placing *placing, struct db *batch, bool with_envelope)
{
	for (int i = with_envelope ? 0 : 1; i < batch->batch->count; i++)
		placing->items[placing->count++] = batch->batch->items[i];
}

/* Runs what the batch has collected, which only reads. */
static void read_now(struct db *batch)
{
	for (int i = 0; i < batch->batch->count; i++) {
		PGresult *result = run(batch->batch->items[i]);
		if (PQresultStatus(result) != PGRES_TUPLES_OK)
			die(batch->batch->items[i]->statement->name, PQerrorMessage(connection));
		if (batch->promises[i] != NULL)
			batch->promises[i]->result = result;
	}
}

static void make_claim(struct placing *placing, const char *key)
{
	static const uint8_t HASH[32];
	struct db *batch = db_batch(&placing->task);
	sql_idempotency_claim(batch, key, "placeOrder", (struct bytes){HASH, sizeof HASH}, 40);
	take(placing, batch, true);
	placing->claim = placing->count - 1;
}

static struct quote *make_quote(struct placing *placing)
{
	struct db *batch = db_batch(&placing->task);
	struct quote_rows asked = quote_ask(batch);
	sql_order_of_last_cart(batch);
	read_now(batch);
	take(placing, batch, false);
	struct quote *quote = quote_take(batch, &asked);
	if (quote->line_count == 0)
		die("an account", "has nothing in its cart");
	(void)quote_price(quote, 0, NULL);
	return quote;
}

static void make_order(struct placing *placing, const struct quote *quote, const char *key)
{
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
	struct db *batch = db_batch(&placing->task);

	memset(body, 'x', sizeof body);
	const struct order *order = order_split(placing->task.arena, quote, &terms);

	order_insert(batch, order);
	sql_idempotency_keep(batch, key, 201, &(struct bytes){(const uint8_t *)body, sizeof body},
	                     0);
	/* Behind what was taken before, and without the batch's envelope. */
	size_t keep = placing->count + (size_t)batch->batch->count - 2;

	order_claim(batch, order);
	take(placing, batch, false);
	placing->keep = keep;
}

static struct placing *placing_new(size_t account)
{
	struct placing *placing = calloc(1, sizeof *placing);
	char *key;

	placing->task.arena = arena_new(ARENA_BYTES, NULL, NULL);
	key = arena_alloc(placing->task.arena, UUID_TEXT_LENGTH + 1); /* parameters point to it */
	placing->task.actor = (struct actor){.kind = ACTOR_CUSTOMER,
	                                     .account_id = accounts[account].account,
	                                     .session_id = accounts[account].session};
	uuid_format(uuid_v7(), placing->task.request_id);
	uuid_format(uuid_v7(), key);
	run_simple(&DB_BEGIN_STATEMENT);
	make_claim(placing, key);
	make_order(placing, make_quote(placing), key);
	run_simple(&DB_COMMIT_STATEMENT);
	return placing;
}

/* False when any statement failed; then the transaction has rolled back. */
static bool place(struct placing *placing)
{
	char lease[8];
	bool good = true;

	run_simple(&DB_BEGIN_STATEMENT);
	for (size_t i = 0; i < placing->count && good; i++) {
		struct pg_item *item = placing->items[i];
		if (i == placing->keep)
			item->params[3] = (struct pg_param){lease, sizeof lease};
		PGresult *result = run(item);
		ExecStatusType status = PQresultStatus(result);
		good = status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK;
		if (!good)
			fprintf(stderr, "orders: %s: %s", item->statement->name,
			        PQerrorMessage(connection));
		if (good && i == placing->claim)
			memcpy(lease, PQgetvalue(result, 0, 3), sizeof lease);
		PQclear(result);
	}
	run_simple(&DB_COMMIT_STATEMENT);
	return good;
}

static double seconds_now(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void client(const char *conninfo, size_t first, size_t step, size_t count, double seconds,
                   struct shared *shared)
{
	static struct placing *placings[ORDERS_MAX];
	size_t made = 0;

	connection = PQconnectdb(conninfo);
	if (PQstatus(connection) != CONNECTION_OK)
		die("connecting", PQerrorMessage(connection));
	for (size_t i = first; i < count && made < ORDERS_MAX; i += step)
		placings[made++] = placing_new(i);
	__sync_fetch_and_add(&shared->ready, 1);
	while (!shared->go)
		usleep(1000);
	double begin = seconds_now();
	for (size_t i = 0; i < made && seconds_now() - begin < seconds; i++) {
		if (!place(placings[i]))
			shared->of[first].failures++;
		else
			shared->of[first].orders++;
		shared->of[first].statements = (long)placings[i]->count + 2;
	}
	shared->of[first].seconds = seconds_now() - begin;
}

static size_t read_accounts(void)
{
	char account[64], session[64];
	size_t count = 0;

	while (count < ACCOUNTS_MAX && scanf("%63s %63s", account, session) == 2) {
		if (!uuid_parse(account, &accounts[count].account) ||
		    !uuid_parse(session, &accounts[count].session))
			die("input", "lines are: account session");
		count++;
	}
	return count;
}

int main(int argc, char **argv)
{
	if (argc != 4) {
		fprintf(stderr, "orders CONNINFO CONNECTIONS SECONDS <ACCOUNTS\n");
		return 2;
	}
	int connections = atoi(argv[2]);
	size_t count = read_accounts();
	struct shared *shared =
	    mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	for (int i = 0; i < connections; i++) {
		if (fork() == 0) {
			client(argv[1], (size_t)i, (size_t)connections, count, atof(argv[3]),
			       shared);
			_exit(0);
		}
	}
	while (shared->ready < connections) {
		if (waitpid(-1, NULL, WNOHANG) > 0)
			die("a client", "ended early");
		usleep(1000);
	}
	shared->go = 1;
	while (wait(NULL) > 0)
		continue;
	double rate = 0;
	long orders = 0, failures = 0;
	for (int i = 0; i < connections; i++) {
		rate += (double)shared->of[i].orders / shared->of[i].seconds;
		orders += shared->of[i].orders;
		failures += shared->of[i].failures;
	}
	printf("{\"rate\": %.1f, \"orders\": %ld, \"failures\": %ld, \"statements\": %ld}\n", rate,
	       orders, failures, shared->of[0].statements);
	return 0;
}
