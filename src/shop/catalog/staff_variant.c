/*
 * staff_variant: the variants of a vendor's products and their stock.
 */
#include <assert.h>
#include <inttypes.h>

#include "api.gen.h"
#include "base/limits.h"
#include "shop/catalog/staff.h"
#include "staff.sql.h"
#include "web/cache.h"
#include "web/reply.h"

static struct option_choice choose(struct request *rq, struct option_names names, size_t count,
                                   const struct field_pair pairs[])
{
	struct option_choice choice;
	struct check check;

	check_init(&check, rq->task.arena);
	(void)options_choose(&check, &names, count, pairs, &choice);
	staff_end_if_wrong(&rq->task, &check);
	return choice;
}

/* A change of a variant changes its product: version, option values, listing. */
static void touch_product(struct db *tx, struct uuid vendor_id, struct uuid product_id)
{
	sql_staff_product_touch(tx, vendor_id, product_id);
	sql_staff_refresh(tx, product_id);
}

/* A variant's version is that of its product, which is locked after the variant. */
static void expect_as_read(struct request *rq, struct db *tx, struct uuid vendor_id,
                           struct uuid product_id)
{
	if (request_if_match(rq) != NULL)
		(void)staff_lock_as_read(rq, tx, vendor_id, product_id);
}

static void check_texts(struct request *rq, const char *sku, const char *barcode,
                        const struct image_input_in *image)
{
	struct check check;

	check_init(&check, rq->task.arena);
	staff_check_variant(&check, sku, barcode, image);
	staff_end_if_wrong(&rq->task, &check);
}

/* The product is locked. */
static void check_room(struct db *tx, struct uuid vendor_id, struct uuid product_id)
{
	assert(db_has_transaction(db_task(tx)));
	struct rows *count = sql_staff_variants_count(tx, vendor_id, product_id);

	if (sql_staff_variants_count_rows(tx, count, NULL)->count >= LIMIT_PRODUCT_VARIANTS)
		task_end(db_task(tx), PROBLEM_CONFLICT, "A product has at most %d variants.",
		         LIMIT_PRODUCT_VARIANTS);
}

static struct new_variant variant_row(struct arena *arena,
                                      const struct create_variant_input_in *variant,
                                      const struct option_choice *choice, const char *image)
{
	const struct money *compare = variant->compare_at_price;

	return (struct new_variant){
	    .id = uuid_v7(),
	    .sku = variant->sku,
	    .title = options_title(arena, choice),
	    .one = choice->values[0],
	    .two = choice->values[1],
	    .three = choice->values[2],
	    .price = variant->price.amount,
	    .currency = variant->price.currency,
	    .compare = compare != NULL && compare->amount > 0 ? &compare->amount : NULL,
	    .compare_currency = compare != NULL ? compare->currency : NULL,
	    .stock = variant->available,
	    .tracked = variant->tracked,
	    .backorder = variant->backorder,
	    .weight = variant->weight_grams,
	    .barcode = variant->barcode,
	    .image = image,
	    .adjustment = uuid_v7(),
	};
}

struct uuid staff_variants_add(struct db *db, struct uuid vendor_id, struct uuid product_id,
                               bool nested, size_t count,
                               const struct create_variant_input_in variants[],
                               const struct option_choice choices[], const char *const images[])
{
	struct arena *arena = db_task(db)->arena;
	struct new_variant *rows = arena_array(arena, count, sizeof(rows[0]));

	assert(count > 0 && count <= LIMIT_PRODUCT_VARIANTS);
	for (size_t i = 0; i < count; i++)
		rows[i] = variant_row(arena, &variants[i], &choices[i], images[i]);
	sql_staff_variants_insert(db, vendor_id, product_id, nested, count, rows);
	return rows[0].id;
}

/* POST /v1/vendors/{vendor_id}/products/{product_id}/variants */
void create_variant(struct request *rq, const struct create_variant_in *in)
{
	struct db *tx = db_begin(&rq->task);
	size_t count;
	const struct staff_product_lock_row *product = sql_staff_product_lock_rows(
	    tx, sql_staff_product_lock(tx, in->vendor_id, in->product_id), &count);
	struct option_choice choice =
	    choose(rq, option_names(product->one, product->two, product->three), in->options_count,
	           in->options);
	const struct create_variant_input_in variant = {
	    .sku = in->sku,
	    .price = in->price,
	    .compare_at_price = in->compare_at_price,
	    .available = in->available,
	    .tracked = in->tracked,
	    .backorder = in->backorder,
	    .weight_grams = in->weight_grams,
	    .barcode = in->barcode,
	    .image = in->image,
	};
	check_texts(rq, in->sku, in->barcode, in->image);
	check_room(tx, in->vendor_id, in->product_id);
	const char *image = staff_variant_image(tx, in->image);
	struct uuid id = staff_variants_add(tx, in->vendor_id, in->product_id, false, 1, &variant,
	                                    &choice, &image);

	touch_product(tx, in->vendor_id, in->product_id);
	reply_commit_row(rq, tx, 201, sql_staff_variant(tx, in->vendor_id, id));
	cache_invalidate();
}

static void write_variant(struct db *tx, const struct update_variant_in *in,
                          const struct option_choice *choice)
{
	const struct money *price = in->price, *compare = in->compare_at_price;
	const char *const *values = choice->values;

	sql_staff_variant_update(
	    tx, &(struct staff_variant_update_args){
	            .vendor = in->vendor_id,
	            .id = in->variant_id,
	            .sku_given = in->sku_given,
	            .sku = in->sku,
	            .options_given = in->options != NULL,
	            .title = options_title(db_task(tx)->arena, choice),
	            .one = values[0],
	            .two = values[1],
	            .three = values[2],
	            .price = price != NULL ? &price->amount : NULL,
	            .currency = price != NULL ? price->currency : NULL,
	            .compare_given = in->compare_at_price_given,
	            .compare = compare != NULL && compare->amount > 0 ? &compare->amount : NULL,
	            .compare_currency = compare != NULL ? compare->currency : NULL,
	            .tracked = in->tracked,
	            .backorder = in->backorder,
	            .weight = in->weight_grams,
	            .barcode_given = in->barcode_given,
	            .barcode = in->barcode,
	            .image_given = in->image_given,
	            .image = staff_variant_image(tx, in->image),
	        });
}

/* Stock below zero must not remain when the variant is tracked without backorders: enabling
 * tracking sets it to zero; disabling backorders requires raising the stock first. */
static void fix_negative_stock(struct db *tx, const struct update_variant_in *in,
                               const struct staff_variant_lock_row *variant)
{
	bool tracked = in->tracked != NULL ? *in->tracked : variant->tracked;
	bool backorder = in->backorder != NULL ? *in->backorder : variant->backorder;

	if (variant->available >= 0 || !tracked || backorder)
		return;
	if (variant->tracked)
		task_end_about(
		    db_task(tx), PROBLEM_CONFLICT, "/backorder", "sold",
		    "More has been sold than is in stock; raise the stock to zero first.");
	assert(in->tracked != NULL); /* it was not tracked */
	sql_staff_stock_move(tx, in->vendor_id, in->variant_id, uuid_v7(), -variant->available,
	                     "Tracking enabled");
}

/* PATCH /v1/vendors/{vendor_id}/variants/{variant_id} */
void update_variant(struct request *rq, const struct update_variant_in *in)
{
	struct db *tx = db_begin(&rq->task);
	size_t count;
	const struct staff_variant_lock_row *variant = sql_staff_variant_lock_rows(
	    tx, sql_staff_variant_lock(tx, in->vendor_id, in->variant_id), &count);
	struct option_choice choice = {0};

	expect_as_read(rq, tx, in->vendor_id, variant->product_id);
	check_texts(rq, in->sku, in->barcode, in->image);
	fix_negative_stock(tx, in, variant);
	if (in->options != NULL)
		choice = choose(rq, option_names(variant->one, variant->two, variant->three),
		                in->options_count, in->options);
	write_variant(tx, in, &choice);
	touch_product(tx, in->vendor_id, variant->product_id);
	reply_commit_row(rq, tx, 200, sql_staff_variant(tx, in->vendor_id, in->variant_id));
	cache_invalidate();
}

/* DELETE /v1/vendors/{vendor_id}/variants/{variant_id}: kept for existing orders. */
void delete_variant(struct request *rq, const struct delete_variant_in *in)
{
	struct db *tx = db_begin(&rq->task);
	size_t count;
	const struct staff_variants_lock_row *variant = sql_staff_variants_lock_rows(
	    tx, sql_staff_variants_lock(tx, in->vendor_id, in->variant_id), &count);

	if (count == 0)
		task_end(&rq->task, PROBLEM_NOT_FOUND, "Variant not found.");
	expect_as_read(rq, tx, in->vendor_id, variant->product_id);
	if (count == 1)
		task_end(&rq->task, PROBLEM_CONFLICT, "A product must have at least one variant.");
	sql_staff_variant_delete(tx, in->vendor_id, in->variant_id);
	touch_product(tx, in->vendor_id, variant->product_id);
	reply_commit_empty(rq, tx);
	cache_invalidate();
}

/* The change of the stock. Stock below zero, sold on backorder, may rise but not fall. */
static int64_t delta_of(struct task *task, const struct set_variant_stock_in *in, int64_t available)
{
	assert((in->available == NULL) != (in->adjust == NULL));
	int64_t delta = in->available != NULL ? *in->available - available : *in->adjust;
	int64_t after = available + delta;

	if (after < 0 && delta < 0)
		task_end(task, PROBLEM_CONFLICT, "Only %" PRId64 " available.", available);
	if (after > LIMIT_STOCK && delta > 0)
		task_end_field(task, "/adjust", "maximum", "The stock can be at most %d.",
		               LIMIT_STOCK);
	return delta;
}

/* PUT /v1/vendors/{vendor_id}/variants/{variant_id}/stock */
void set_variant_stock(struct request *rq, const struct set_variant_stock_in *in)
{
	const struct staff_variant_lock_row *variant;
	struct db *tx;
	int64_t delta;
	size_t count;

	if ((in->available == NULL) == (in->adjust == NULL))
		task_end_field(&rq->task, "/available", "exactly_one",
		               "Provide exactly one of available and adjust.");
	tx = db_begin(&rq->task);
	variant = sql_staff_variant_lock_rows(
	    tx, sql_staff_variant_lock(tx, in->vendor_id, in->variant_id), &count);
	expect_as_read(rq, tx, in->vendor_id, variant->product_id);
	if (!variant->tracked)
		task_end_about(
		    &rq->task, PROBLEM_CONFLICT, in->available != NULL ? "/available" : "/adjust",
		    "untracked",
		    "The stock of this variant is not tracked; set tracked to true first.");
	delta = delta_of(&rq->task, in, variant->available);
	if (delta != 0) {
		sql_staff_stock_move(tx, in->vendor_id, in->variant_id, uuid_v7(), delta,
		                     in->reason != NULL ? in->reason : "Counted");
		sql_staff_refresh(tx, variant->product_id);
	}
	reply_commit_row(rq, tx, 200, sql_staff_variant(tx, in->vendor_id, in->variant_id));
	cache_invalidate();
}
