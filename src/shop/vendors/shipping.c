/*
 * shipping: a vendor's flat delivery methods.
 */
#include <assert.h>

#include "api.gen.h"
#include "base/limits.h"
#include "vendors.sql.h"
#include "web/cache.h"
#include "web/reply.h"

/* NULL when not given. */
static const struct text_array *countries_of(struct arena *arena, size_t count,
                                             const char *const *countries)
{
	struct text_array *array = NULL;

	assert(count == 0 || countries != NULL);
	if (countries != NULL) {
		array = arena_alloc(arena, sizeof(*array));
		*array = (struct text_array){count, countries};
	}
	return array;
}

/* GET /v1/vendors/{vendor_id}/shipping-methods */
void list_shipping_methods(struct request *rq, const struct list_shipping_methods_in *in)
{
	reply_list(rq, sql_shipping_methods(db_of(&rq->task), in->vendor_id, NULL));
}

/* POST /v1/vendors/{vendor_id}/shipping-methods */
void create_shipping_method(struct request *rq, const struct create_shipping_method_in *in)
{
	struct db *tx = db_begin(&rq->task);
	const struct money *free_above = in->free_above;
	struct uuid id = uuid_v7();

	sql_shipping_methods_lock(tx, in->vendor_id);
	if (sql_shipping_methods_count_rows(tx, sql_shipping_methods_count(tx, in->vendor_id), NULL)
	        ->count >= LIMIT_SHIPPING_METHODS)
		task_end(&rq->task, PROBLEM_CONFLICT, "A vendor has at most %d shipping methods.",
		         LIMIT_SHIPPING_METHODS);
	sql_shipping_method_insert(
	    tx, &(struct shipping_method_insert_args){
	            .vendor = in->vendor_id,
	            .id = id,
	            .name = in->name,
	            .price = in->price.amount,
	            .currency = in->price.currency,
	            .free_above = free_above != NULL ? &free_above->amount : NULL,
	            .free_currency = free_above != NULL ? free_above->currency : NULL,
	            .handling_days = in->handling_days,
	            .countries = countries_of(rq->task.arena, in->countries_count, in->countries),
	            .active = in->active,
	        });
	reply_commit_row(rq, tx, 201, sql_shipping_methods(tx, in->vendor_id, &id));
	cache_invalidate();
}

/* PATCH /v1/vendors/{vendor_id}/shipping-methods/{method_id} */
void update_shipping_method(struct request *rq, const struct update_shipping_method_in *in)
{
	struct db *tx = db_begin(&rq->task);
	const struct money *price = in->price, *free_above = in->free_above;

	sql_shipping_method_update(
	    tx, &(struct shipping_method_update_args){
	            .vendor = in->vendor_id,
	            .id = in->method_id,
	            .name = in->name,
	            .price = price != NULL ? &price->amount : NULL,
	            .currency = price != NULL ? price->currency : NULL,
	            .free_given = in->free_above_given,
	            .free_above = free_above != NULL ? &free_above->amount : NULL,
	            .free_currency = free_above != NULL ? free_above->currency : NULL,
	            .handling_days = in->handling_days,
	            .countries = countries_of(rq->task.arena, in->countries_count, in->countries),
	            .active = in->active,
	        });
	reply_commit_row(rq, tx, 200, sql_shipping_methods(tx, in->vendor_id, &in->method_id));
	cache_invalidate();
}

/* DELETE /v1/vendors/{vendor_id}/shipping-methods/{method_id} */
void delete_shipping_method(struct request *rq, const struct delete_shipping_method_in *in)
{
	sql_shipping_method_delete(db_of(&rq->task), in->vendor_id, in->method_id);
	cache_invalidate();
	reply_empty(rq);
}
