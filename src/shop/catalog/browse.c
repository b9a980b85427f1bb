/*
 * browse: the public catalogue: lists, search, facets, products, categories.
 */
#include <assert.h>
#include <string.h>

#include "api.gen.h"
#include "base/money.h"
#include "catalog.sql.h"
#include "web/page.h"
#include "web/reply.h"

enum {
	/* An exact count beyond this costs more than it is worth. */
	FACET_MATCHES_MAX = 10000,
	/* Nobody reads the last of more matches, and ranking one costs some 10 us. */
	RANKED_MAX = 10000,
};

/* A filter given as an id or a slug, as parameters of the statement. */
struct reference {
	struct uuid id;
	const struct uuid *maybe_id; /* NULL when none was given, or a slug */
	const char *slug;            /* NULL when none was given, or an id */
};

static void reference_parse(const char *text, struct reference *ret)
{
	*ret = (struct reference){0};
	if (text == NULL)
		return;
	if (uuid_parse(text, &ret->id))
		ret->maybe_id = &ret->id;
	else
		ret->slug = text;
}

/* "Color:Blue", and so on. NULL when there is no option filter. */
static const struct text_array *options_of(struct request *rq, size_t count,
                                           const char *const options[])
{
	struct text_array *array;

	if (count == 0)
		return NULL;
	for (size_t i = 0; i < count; i++)
		if (strchr(options[i], ':') == NULL)
			task_end_field(&rq->task, "?option", "format",
			               "must have the form name:value, such as Color:Blue");
	assert(options != NULL);
	array = arena_alloc(rq->task.arena, sizeof(*array));
	*array = (struct text_array){count, options};
	return array;
}

/* How each sort order of the contract is read from the listing. */
static const struct {
	enum product_page_sort sort;
	enum page_direction direction;
} SORTS[LIST_PRODUCTS_SORT_COUNT] = {
    [LIST_PRODUCTS_SORT_RELEVANCE] = {PRODUCT_PAGE_SORT_RELEVANCE, PAGE_DESCENDING},
    [LIST_PRODUCTS_SORT_NEWEST] = {PRODUCT_PAGE_SORT_NEWEST, PAGE_DESCENDING},
    [LIST_PRODUCTS_SORT_PRICE_ASC] = {PRODUCT_PAGE_SORT_PRICE_ASC, PAGE_ASCENDING},
    [LIST_PRODUCTS_SORT_PRICE_DESC] = {PRODUCT_PAGE_SORT_PRICE_DESC, PAGE_DESCENDING},
    [LIST_PRODUCTS_SORT_BEST_SELLING] = {PRODUCT_PAGE_SORT_BEST_SELLING, PAGE_DESCENDING},
};

_Static_assert(LIST_PRODUCTS_SORT_COUNT == 5, "each sort has its row");

static enum list_products_sort_choice sort_of(struct request *rq, const struct list_products_in *in)
{
	if (in->sort == NULL)
		return in->q != NULL ? LIST_PRODUCTS_SORT_RELEVANCE : LIST_PRODUCTS_SORT_NEWEST;
	if (*in->sort == LIST_PRODUCTS_SORT_RELEVANCE && in->q == NULL)
		task_end_field(&rq->task, "?sort", "requires",
		               "sort=relevance requires the search parameter q");
	return *in->sort;
}

/* GET /v1/products */
void list_products(struct request *rq, const struct list_products_in *in)
{
	enum list_products_sort_choice sort = sort_of(rq, in);
	struct page page =
	    page_open(rq, in->cursor, in->limit, (uint8_t)sort, SORTS[sort].direction);
	const struct text_array *options = options_of(rq, in->option_count, in->option);
	bool ranked = sort == LIST_PRODUCTS_SORT_RELEVANCE;
	struct reference category, vendor;

	assert(sort < LIST_PRODUCTS_SORT_COUNT && (!ranked || in->q != NULL));
	reference_parse(in->category, &category);
	reference_parse(in->vendor, &vendor);
	reply_page(rq, &page,
	           sql_product_page(db_of(&rq->task),
	                            &(struct product_page_args){
	                                .category = category.id,
	                                .category_slug = category.slug,
	                                .vendor = vendor.maybe_id,
	                                .vendor_slug = vendor.slug,
	                                .price_min = in->price_min,
	                                .price_max = in->price_max,
	                                .in_stock = in->in_stock != NULL && *in->in_stock,
	                                .found = !ranked && (in->q != NULL || options != NULL),
	                                .words = in->q,
	                                .options = options,
	                                .ranked_max = RANKED_MAX,
	                                .sort = SORTS[sort].sort,
	                                .after_time = page.after_key,
	                                .after_value = page.after_key,
	                                .after_id = page.after_id,
	                                .page_size = page.count,
	                            }));
}

/* GET /v1/products/facets */
void get_product_facets(struct request *rq, const struct get_product_facets_in *in)
{
	static const int64_t BANDS[] = {0, 1000, 2500, 5000, 10000, 25000, 50000, 100000};
	const struct text_array *options = options_of(rq, in->option_count, in->option);
	struct reference category, vendor;

	reference_parse(in->category, &category);
	reference_parse(in->vendor, &vendor);
	reply_row(rq,
	          sql_product_facets(
	              db_of(&rq->task),
	              &(struct product_facets_args){
	                  .category = category.id,
	                  .category_slug = category.slug,
	                  .vendor = vendor.maybe_id,
	                  .vendor_slug = vendor.slug,
	                  .price_min = in->price_min,
	                  .price_max = in->price_max,
	                  .in_stock = in->in_stock != NULL && *in->in_stock,
	                  .found = in->q != NULL || options != NULL,
	                  .words = in->q,
	                  .options = options,
	                  .bands = (struct bigint_array){sizeof(BANDS) / sizeof(BANDS[0]), BANDS},
	                  .matches_max = FACET_MATCHES_MAX,
	              }));
}

/* GET /v1/products/{product_id} */
void get_product(struct request *rq, const struct get_product_in *in)
{
	struct db *batch = db_batch(&rq->task);
	struct rows *product = sql_product_get(batch, in->product_id);
	struct rows *variants = sql_product_variants(batch, in->product_id);
	struct buf body = buf_new(rq->task.arena, 4096);
	struct json json = json_new(&body);

	db_run(batch);
	json_open_object(&json);
	rows_json_members(product, 0, &json);
	json_key(&json, "variants");
	rows_json_array(variants, rows_count(variants), &json);
	json_close_object(&json);
	reply_json(rq, 200, &body);
}

/* GET /v1/categories */
void list_categories(struct request *rq, const struct list_categories_in *in)
{
	reply_list(rq, sql_categories_all(db_of(&rq->task), in->empty != NULL && *in->empty));
}
