/*
 * Orders of many minutes are counted together, so that the listing, whose indexes contain the
 * number, is written once per product and run. All steps are short transactions that can be cut off
 * anywhere: what they take from a queue they delete in the same transaction.
 */
#include "shop/catalog/ranking.h"

#include "net/loop.h"
#include "ranking.sql.h"

enum {
	/* Orders per transaction: some 100 ms. */
	SALES_MAX = 5000,
	FORGET_MAX = 5000,
	/* Products per transaction: locked for some 10 ms, for which an order that takes the last
	 * piece may wait. */
	RANKED_MAX = 200,
	/* Of each step, together less than a job may take. The rest is left to the next run. */
	STEP_MS = 15 * 1000,
};

static int32_t count_some(struct task *task)
{
	struct db *db = db_of(task);

	return sql_sales_count_rows(db, sql_sales_count(db, SALES_MAX), NULL)->done;
}

static int32_t forget_some(struct task *task)
{
	struct db *db = db_of(task);

	return sql_sales_forget_rows(db, sql_sales_forget(db, FORGET_MAX), NULL)->done;
}

static int32_t rank_some(struct task *task)
{
	struct db *db = db_of(task);

	return sql_products_rank_rows(db, sql_products_rank(db, RANKED_MAX), NULL)->done;
}

static void repeat(struct task *task, int32_t (*some)(struct task *task), int32_t most)
{
	int64_t end_ms = loop_now_ms() + STEP_MS;

	while (some(task) == most && loop_now_ms() < end_ms)
		;
}

void catalog_rank_products(struct task *task)
{
	repeat(task, count_some, SALES_MAX);
	repeat(task, forget_some, FORGET_MAX);
	repeat(task, rank_some, RANKED_MAX);
}
