#include "shop/catalog/import.h"

#include <assert.h>
#include <string.h>

#include "base/json.h"
#include "import.sql.h"
#include "shop/catalog/import_state.h"
#include "shop/catalog/import_woo.h"

/* Variants added before the first ANALYZE; the threshold then grows tenfold each time. */
enum { ANALYZE_FIRST = 1000 };

static _Noreturn void refuse_file(struct import *import)
{
	const struct import_remark *why = &import->report.errors[0];

	assert(import->report.errors_kept > 0);
	task_end(import->task, PROBLEM_INVALID, "%s%s%s.", why->column == NULL ? "" : why->column,
	         why->column == NULL ? "" : ": ", why->reason);
}

/* Adds the rows of one product to the same batch. */
static void add_rows(void *arg, const struct import_row rows[], size_t count)
{
	struct import *import = arg;

	assert(count > 0);
	if (import_batch_is_full(&import->batch, &rows[0]))
		import_flush(import);
	for (size_t i = 0; i < count; i++)
		import_batch_add(&import->batch, &rows[i]);
}

static void read_row(void *arg, const struct csv_row *csv)
{
	struct import *import = arg;
	struct import_row row;

	if (!import->has_header) {
		import->has_header = true;
		import->report.separator = csv_reader_delimiter(import->reader);
		if (!import_header_read(&import->header, csv, &import->report))
			refuse_file(import);
		if (import->header.dialect == IMPORT_WOOCOMMERCE)
			import->woo =
			    import_woo_new(import->task->arena, task_arena_full, import->task,
			                   &import->header, &import->report, add_rows, import);
		if (csv_reader_marks(import->reader) > 1)
			import_warn(&import->report, NULL, csv->line, COLUMN_NONE,
			            "The file begins with more than one byte order mark");
		return;
	}
	if (!import_row_read(&import->header, csv, &import->report, &row))
		return;
	if (import->report.rows > IMPORT_ROWS) {
		import->report.refused++;
		import_refuse(&import->report, NULL, row.line, COLUMN_NONE,
		              "A file has at most %d rows; import the rest as another",
		              IMPORT_ROWS);
		return;
	}
	if (import->woo != NULL)
		import_woo_row(import->woo, &row);
	else
		add_rows(import, &row, 1);
}

/* Checks the actor's permission, and reads the currency and the vendor's name. */
static void read_vendor(struct task *task)
{
	struct import_step *step = (struct import_step *)(void *)task;
	struct import *import = step->import;
	struct db *db = db_of(task);

	const struct import_context_row *found =
	    sql_import_context_rows(db, sql_import_context(db), NULL);

	import->currency = arena_strdup(import->task->arena, found->currency);
	import->vendor_name = arena_strdup(import->task->arena, found->vendor);
}

/* Every row has one result. */
static bool report_adds_up(const struct import_report *report)
{
	return report->rows == report->taken + report->changed + report->unchanged +
	                           report->warned + report->refused &&
	       (int64_t)report->errors_kept <= report->errors_total &&
	       (int64_t)report->warnings_kept <= report->warnings_total;
}

static void write_audit(struct task *task)
{
	const struct import_report *report = &((struct import_step *)(void *)task)->import->report;
	struct buf buf = buf_new(task->arena, 256);
	struct json json = json_new(&buf);

	json_open_object(&json);
	json_put_int(&json, "rows", report->rows);
	json_put_int(&json, "products_created", report->products_created);
	json_put_int(&json, "products_updated", report->products_updated);
	json_put_int(&json, "variants_created", report->variants_created);
	json_put_int(&json, "variants_updated", report->variants_updated);
	json_put_int(&json, "warnings", report->warnings_total);
	json_put_int(&json, "errors", report->errors_total);
	json_close_object(&json);
	sql_import_audit(db_of(task), buf.data);
}

static void close_batch(void *arg)
{
	struct import *import = arg;

	arena_free(import->batch.arena);
}

struct import *import_begin(struct task *task, bool dry_run)
{
	struct import *import = arena_alloc(task->arena, sizeof(*import));

	assert(task->actor.kind == ACTOR_STAFF || task->actor.kind == ACTOR_IMPORT);
	import->task = task;
	import->report.arena = task->arena;
	import->types.arena = task->arena;
	import->report.dry_run = dry_run;
	import->dry = dry_run ? import_dry_new(task->arena) : NULL;
	import->analyze_at = ANALYZE_FIRST;
	import_run(import, read_vendor);
	import->seen = import_seen_new(task->arena, task_arena_full, task);
	import->reader = csv_reader_new(task->arena, read_row, import);
	arena_defer(task->arena, close_batch, import);
	import_open_batch(import);
	return import;
}

void import_feed(struct import *import, const char *bytes, size_t count)
{
	assert(count == 0 || bytes != NULL);
	csv_reader_feed(import->reader, bytes, count);
}

const struct import_report *import_report(const struct import *import)
{
	return &import->report;
}

const struct import_report *import_end(struct import *import)
{
	csv_reader_end(import->reader);
	if (!import->has_header)
		task_end(import->task, PROBLEM_INVALID, "The file is empty.");
	if (import->woo != NULL)
		import_woo_end(import->woo);
	import_flush(import);
	assert(report_adds_up(&import->report));
	if (import->dry == NULL)
		import_run(import, write_audit);
	return &import->report;
}
