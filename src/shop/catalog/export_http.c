/*
 * export_http: GET /v1/vendors/{vendor_id}/products/export, written a page at a time while it is
 * read. Each page is a step with its own memory, so that memory is independent of the catalogue's
 * size.
 */
#include <assert.h>
#include <stddef.h>
#include <string.h>

#include "api.gen.h"
#include "base/limits.h"
#include "net/loop.h"
#include "shop/catalog/export.h"
#include "shop/catalog/extra.h"
#include "shop/catalog/import_csv.h"
#include "web/reply.h"

/* Products per page: 10,000 rows when each has the maximum of 250 variants. */
enum {
	PAGE = 40,
	FIXED_COLUMNS = 40, /* those of every export, at most */
};

struct export
{
	struct task task; /* first, so that a task can be cast to its export */
	const char *status;
	bool woo; /* in the format of WooCommerce */
	struct uuid after;
	struct export_columns extras;
	bool has_columns;
	struct arena *lasting; /* until the export's end */
	struct buf page;
	size_t products; /* per page */
};

_Static_assert(offsetof(struct export, task) == 0, "a task is cast to its export");

/* Reads the extra columns, before the first page, because every row has them. */
static void read_columns(struct db *db, struct export *export)
{
	size_t count;
	const struct export_columns_row *found = sql_export_columns_rows(
	    db, sql_export_columns(db, CSV_COLUMNS - FIXED_COLUMNS), &count);

	assert(count <= CSV_COLUMNS - FIXED_COLUMNS && !export->has_columns);
	export->has_columns = true;
	export->extras.names = arena_array(export->lasting, count, sizeof(export->extras.names[0]));
	for (size_t i = 0; i < count; i++) {
		if (export->woo ? export_woo_adds(found[i].name)
		                : extra_find(found[i].name) == NULL)
			export->extras.names[export->extras.count++] =
			    arena_strdup(export->lasting, found[i].name);
	}
}

static void read_page(struct task *task)
{
	struct export *export = (struct export *)(void *)task;
	struct db *db = db_of(task);
	struct uuid ids[PAGE];
	size_t variant_count, next = 0;

	if (!export->has_columns)
		read_columns(db, export);
	const struct export_products_row *products = sql_export_products_rows(
	    db, sql_export_products(db, export->after, export->status, PAGE), &export->products);

	export->page = buf_new(task->arena, 16 * 1024);
	assert(export->products <= PAGE);
	for (size_t i = 0; i < export->products; i++)
		ids[i] = products[i].id;
	if (export->products == 0)
		return;
	const struct export_variants_row *variants = sql_export_variants_rows(
	    db, sql_export_variants(db, (struct uuid_array){export->products, ids}),
	    &variant_count);
	for (size_t i = 0; i < export->products; i++) {
		size_t first = next;

		while (next < variant_count && uuid_equal(variants[next].product_id, ids[i]))
			next++;
		(export->woo ? export_woo_product : export_product)(
		    &export->page, &export->extras, &products[i], next - first,
		    variants == NULL ? NULL : &variants[first]);
	}
	assert(next == variant_count); /* every variant was written, with its product */
	assert(uuid_compare(ids[export->products - 1], export->after) > 0);
	export->after = ids[export->products - 1];
}

static void drop_page(void *arg)
{
	struct export *export = arg;

	arena_free(export->task.arena);
	export->task.arena = NULL;
}

/* Replaces export->page by the next page. */
static void next_page(struct request *rq, struct export *export)
{
	drop_page(export);
	export->task = (struct task){
	    .actor = rq->task.actor,
	    .name = rq->task.name,
	    .deadline_ms = loop_now_ms() + LIMIT_REQUEST_MS,
	};
	memcpy(export->task.request_id, rq->task.request_id, sizeof(rq->task.request_id));
	export->task.arena = arena_new(LIMIT_REQUEST_ARENA_BYTES, task_arena_full, &export->task);
	rq->task.deadline_ms = export->task.deadline_ms;
	bool good = task_run(&export->task, read_page);

	rq->task.statements += export->task.statements;
	rq->task.round_trips += export->task.round_trips;
	if (good)
		return;
	struct problem problem = export->task.problem;
	problem.detail = arena_strdup(rq->task.arena, problem.detail);
	problem.errors = problem.extra = NULL;
	if (problem.log != NULL)
		problem.log = arena_strdup(rq->task.arena, problem.log);
	task_end_with(&rq->task, problem);
}

/* GET /v1/vendors/{vendor_id}/products/export */
void export_products(struct request *rq, const struct export_products_in *in)
{
	struct export *export = arena_alloc(rq->task.arena, sizeof(*export));
	struct buf header = buf_new(rq->task.arena, 1024);

	arena_defer(rq->task.arena, drop_page, export);
	export->lasting = rq->task.arena;
	export->extras.origin = request_origin(rq);
	export->woo = in->dialect == EXPORT_PRODUCTS_DIALECT_WOOCOMMERCE;
	if (in->status != NULL)
		export->status = PRODUCT_STATUS_NAMES[*in->status];
	/* Read the first page before sending the first byte: until then an error can be
	 * reported. */
	next_page(rq, export);
	reply_header(rq, "Content-Disposition", "attachment; filename=\"products.csv\"");
	reply_stream_begin(rq, 200, "text/csv; charset=utf-8");
	(export->woo ? export_woo_header : export_header)(&header, &export->extras);
	reply_stream_write(rq, header.data, header.length);
	while (export->products > 0) {
		reply_stream_write(rq, export->page.data, export->page.length);
		next_page(rq, export);
	}
	reply_stream_end(rq);
}
