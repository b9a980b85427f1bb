/*
 * staff_product: a vendor's products, maintained by its staff.
 */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "api.gen.h"
#include "base/codec.h"
#include "shop/catalog/staff.h"
#include "staff.sql.h"
#include "web/cache.h"
#include "web/page.h"
#include "web/reply.h"

enum { HANDLE_MAX = 255 };

/* GET /v1/vendors/{vendor_id}/products */
void list_vendor_products(struct request *rq, const struct list_vendor_products_in *in)
{
	struct page page = page_open(rq, in->cursor, in->limit, 0, PAGE_DESCENDING);

	reply_page(rq, &page,
	           sql_staff_products_page(
	               db_of(&rq->task),
	               &(struct staff_products_page_args){
	                   .vendor = in->vendor_id,
	                   .status = in->status != NULL ? PRODUCT_STATUS_NAMES[*in->status] : NULL,
	                   .q = in->q,
	                   .after_key = page.after_key,
	                   .after_id = page.after_id,
	                   .page_size = page.count,
	               }));
}

/* GET /v1/vendors/{vendor_id}/products/{product_id} */
void get_vendor_product(struct request *rq, const struct get_vendor_product_in *in)
{
	reply_row(rq, sql_staff_product(db_of(&rq->task), in->vendor_id, in->product_id));
}

static const char *options_json(struct arena *arena, size_t count,
                                const struct product_option_input_in options[])
{
	struct buf buf = buf_new(arena, 256);
	struct json json = json_new(&buf);

	json_open_array(&json);
	for (size_t i = 0; i < count; i++) {
		json_open_object(&json);
		json_put_str(&json, "name", options[i].name);
		json_key(&json, "values");
		json_open_array(&json);
		for (size_t value = 0; value < options[i].values_count; value++)
			json_str(&json, options[i].values[value]);
		json_close_array(&json);
		json_close_object(&json);
	}
	json_close_array(&json);
	return buf.data;
}

static const struct text_array *tags_of(struct arena *arena, size_t count, const char *const *tags)
{
	struct text_array *array;

	if (tags == NULL)
		return NULL;
	array = arena_alloc(arena, sizeof(*array));
	*array = (struct text_array){count, tags};
	return array;
}

/* The given handle, or one made of the title that is unique in the vendor. */
static const char *handle_of(struct db *tx, const struct create_vendor_product_in *in,
                             struct uuid id)
{
	char handle[HANDLE_MAX + 1];
	size_t count;

	if (in->handle != NULL)
		return in->handle;
	slug_from(in->title, handle, sizeof(handle));
	if (!handle[0])
		uuid_format(id, handle); /* the title's script has no slug */
	assert(handle[0] != '\0');
	sql_staff_handle_lock(tx, in->vendor_id, handle);
	return sql_staff_handle_free_rows(tx, sql_staff_handle_free(tx, in->vendor_id, handle, id),
	                                  &count)
	    ->handle;
}

static void insert_product(struct db *tx, const struct create_vendor_product_in *in, struct uuid id,
                           const struct option_choice choices[])
{
	struct arena *arena = db_task(tx)->arena;
	const char *handle = handle_of(tx, in, id);
	const char *images = staff_product_images(tx, in->images_count, in->images);
	const char *const *of_variants = staff_variant_images(tx, in->variants_count, in->variants);
	struct db *chain = db_chain(tx);

	assert(in->variants_count > 0); /* a product has a variant */
	sql_staff_product_insert(chain,
	                         &(struct staff_product_insert_args){
	                             .vendor = in->vendor_id,
	                             .id = id,
	                             .handle = handle,
	                             .title = in->title,
	                             .description = in->description,
	                             .status = NEW_PRODUCT_STATUS_NAMES[in->status],
	                             .category = in->category_id,
	                             .product_type = in->product_type,
	                             .tags = tags_of(arena, in->tags_count, in->tags),
	                             .options = options_json(arena, in->options_count, in->options),
	                             .images = images,
	                         });
	staff_variants_add(chain, in->vendor_id, id, true, in->variants_count, in->variants,
	                   choices, of_variants);
	sql_staff_refresh(chain, id);
	db_run(chain);
}

static void set_location(struct request *rq, struct uuid vendor_id, struct uuid id)
{
	char vendor[UUID_TEXT_LENGTH + 1], product[UUID_TEXT_LENGTH + 1];

	uuid_format(vendor_id, vendor);
	uuid_format(id, product);
	reply_header(rq, "Location",
	             arena_printf(rq->task.arena, "/v1/vendors/%s/products/%s", vendor, product));
}

/* POST /v1/vendors/{vendor_id}/products */
void create_vendor_product(struct request *rq, const struct create_vendor_product_in *in)
{
	struct uuid id = uuid_v7();
	struct option_choice *choices =
	    arena_array(rq->task.arena, in->variants_count, sizeof(choices[0]));
	struct check check;
	struct db *tx;

	check_init(&check, rq->task.arena);
	staff_check_product(&check, in, choices);
	staff_end_if_wrong(&rq->task, &check);
	tx = db_begin(&rq->task);
	insert_product(tx, in, id, choices);
	set_location(rq, in->vendor_id, id);
	reply_commit_row(rq, tx, 201, sql_staff_product(tx, in->vendor_id, id));
	cache_invalidate();
}

struct option_names staff_lock_as_read(struct request *rq, struct db *tx, struct uuid vendor_id,
                                       struct uuid id)
{
	assert(db_has_transaction(&rq->task)); /* the lock outlives the statement */
	struct rows *rows = sql_staff_product_lock(tx, vendor_id, id);
	const struct staff_product_lock_row *product = sql_staff_product_lock_rows(tx, rows, NULL);

	request_expect(rq, product->version);
	return option_names(product->one, product->two, product->three);
}

/* PATCH /v1/vendors/{vendor_id}/products/{product_id} */
void update_vendor_product(struct request *rq, const struct update_vendor_product_in *in)
{
	struct arena *arena = rq->task.arena;
	struct option_names names;
	const char *images = NULL;
	struct check check;
	struct db *tx;

	check_init(&check, arena);
	staff_check_texts(&check, &(struct staff_texts){
	                              .title = in->title,
	                              .description = in->description,
	                              .product_type = in->product_type,
	                              .tag_count = in->tags_count,
	                              .tags = in->tags,
	                              .image_count = in->images_count,
	                              .images = in->images,
	                          });
	staff_end_if_wrong(&rq->task, &check);
	tx = db_begin(&rq->task);
	if (in->images != NULL)
		images = staff_product_images(tx, in->images_count, in->images);
	if (in->options != NULL || in->variant_ids != NULL)
		sql_staff_product_variants_lock(tx, in->vendor_id, in->product_id);
	names = staff_lock_as_read(rq, tx, in->vendor_id, in->product_id);
	staff_rearrange(tx, in, &names);
	sql_staff_product_update(
	    tx, &(struct staff_product_update_args){
	            .vendor = in->vendor_id,
	            .id = in->product_id,
	            .title = in->title,
	            .handle = in->handle,
	            .description = in->description,
	            .status = in->status != NULL ? PRODUCT_STATUS_NAMES[*in->status] : NULL,
	            .category_given = in->category_id_given,
	            .category = in->category_id,
	            .product_type = in->product_type,
	            .tags = tags_of(arena, in->tags_count, in->tags),
	            .images = images,
	        });
	sql_staff_refresh(tx, in->product_id);
	reply_commit_row(rq, tx, 200, sql_staff_product(tx, in->vendor_id, in->product_id));
	cache_invalidate();
}

/* DELETE /v1/vendors/{vendor_id}/products/{product_id} */
void delete_vendor_product(struct request *rq, const struct delete_vendor_product_in *in)
{
	struct db *tx = db_begin(&rq->task);

	sql_staff_product_variants_lock(tx, in->vendor_id, in->product_id);
	(void)staff_lock_as_read(rq, tx, in->vendor_id, in->product_id);
	sql_staff_product_variants_delete(tx, in->vendor_id, in->product_id);
	sql_staff_product_delete(tx, in->vendor_id, in->product_id);
	sql_staff_refresh(tx, in->product_id);
	reply_commit_empty(rq, tx);
	cache_invalidate();
}
