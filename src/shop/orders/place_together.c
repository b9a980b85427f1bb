#include "shop/orders/place_together.h"

#include <assert.h>
#include <stddef.h>
#include <string.h>

#include "base/clock.h"
#include "orders.sql.h"
#include "task/rows.h"
#include "task/together.h"

static const int64_t DAY_US = INT64_C(24) * 3600 * 1000000;

struct waiting {
	struct together_item item; /* must be first: cast to the placing */
	const struct placing *placing;
};

_Static_assert(offsetof(struct waiting, item) == 0, "an item is cast to its placing");

static const struct placing *placing_of(const struct together_item *item)
{
	return ((const struct waiting *)(const void *)item)->placing;
}

/* Of a customer there is one order at a time; the sales of all are counted on one day. */
static bool may_join(const struct together_item *one, const struct together_item *other)
{
	const struct placing *a = placing_of(one), *b = placing_of(other);

	return !uuid_equal(a->account_id, b->account_id) &&
	       strcmp(a->order->currency, b->order->currency) == 0 &&
	       a->order->created_at / DAY_US == b->order->created_at / DAY_US;
}

static void place_all(struct task *task, size_t count, struct together_item *const items[])
{
	struct placing *placings = arena_array(task->arena, count, sizeof(placings[0]));
	struct uuid *ids = arena_array(task->arena, count, sizeof(ids[0]));
	struct db *batch = db_batch(task);
	const struct orders_insert_row *placed;
	struct rows *rows;
	size_t placed_count;

	for (size_t i = 0; i < count; i++) {
		placings[i] = *placing_of(items[i]);
		ids[i] = placings[i].order->id;
	}
	rows = orders_insert_together(batch, task->name, count, placings);
	db_run(batch);
	placed = sql_orders_insert_rows(batch, rows, &placed_count);
	for (size_t i = 0; i < count; i++)
		for (size_t row = 0; row < placed_count && items[i] != NULL; row++)
			items[i]->is_done |= uuid_equal(ids[i], placed[row].id);
}

static struct together orders = {.may_join = may_join, .run = place_all};

bool place_together(struct task *task, const struct placing *placing)
{
	struct waiting waiting = {.placing = placing};

	if (together_do(&orders, task, &waiting.item))
		return true;
	if (waiting.item.in_doubt)
		task_end_with(task, (struct problem){
		                        .code = PROBLEM_UNAVAILABLE,
		                        .detail = "Whether the order was placed is not known yet.",
		                        .in_doubt = true,
		                    });
	return false;
}
