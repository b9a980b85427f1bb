#include "shop/catalog/import.h"

#include <string.h>

#include "base/json.h"
#include "base/limits.h"
#include "import.sql.h"
#include "net/co.h"
#include "net/loop.h"
#include "shop/catalog/import_match.h"
#include "shop/catalog/import_woo.h"
#include "shop/catalog/import_write.h"

enum {
	/* A batch of IMPORT_BATCH_BYTES and the row that filled it, in growing arrays. */
	BATCH_ARENA_BYTES = 16 * 1024 * 1024,
	ATTEMPTS_MAX = 6, /* per batch, when the database is busy or down: five seconds in all */
	RETRY_MS = 100,   /* doubled each time */
	/* Variants added before the first ANALYZE; the threshold then grows tenfold each time. */
	ANALYZE_FIRST = 1000,
	ANALYZE_FACTOR = 10,
};

struct import {
	struct task *task;
	struct csv_reader *reader;
	bool has_header;
	struct import_header header;
	struct import_woo *woo; /* NULL: not WooCommerce's format */
	struct import_report report;
	struct import_types types;
	struct import_seen *seen;
	struct import_dry *dry; /* NULL: not a dry run */
	struct import_batch batch;
	const char *currency, *vendor_name;
	int64_t analyze_at; /* variants created */
};

/* A transaction of the import: a task with its own arena, within the import's task. */
struct step {
	struct task task; /* first, so that a task can be cast to its step */
	struct import *import;
	struct import_batch *batch;
};

static bool run_step(struct import *import, struct step *step, void (*body)(struct task *task))
{
	step->import = import;
	step->task.actor = import->task->actor;
	step->task.name = import->task->name;
	step->task.deadline_ms = loop_now_ms() + LIMIT_REQUEST_MS;
	memcpy(step->task.request_id, import->task->request_id, sizeof(step->task.request_id));
	step->task.arena = arena_new(LIMIT_REQUEST_ARENA_BYTES, task_arena_full, &step->task);
	bool good = task_run(&step->task, body);

	import->task->statements += step->task.statements;
	import->task->round_trips += step->task.round_trips;
	return good;
}

static const char *copy(struct arena *arena, const char *text)
{
	return text == NULL ? NULL : arena_strdup(arena, text);
}

/* Ends the import with the step's problem. */
static _Noreturn void give_up(struct import *import, struct step *step)
{
	struct arena *arena = import->task->arena;
	struct problem problem = step->task.problem;

	problem.detail = copy(arena, problem.detail);
	problem.errors = copy(arena, problem.errors);
	problem.extra = copy(arena, problem.extra);
	problem.log = copy(arena, problem.log);
	arena_free(step->task.arena);
	task_end_with(import->task, problem);
}

static void run_step_or_give_up(struct import *import, void (*body)(struct task *task))
{
	struct step step = {.batch = &import->batch};

	if (!run_step(import, &step, body))
		give_up(import, &step);
	arena_free(step.task.arena);
}

/* A batch -------------------------------------------------------------------------------------*/

static void write_batch(struct task *task)
{
	struct step *step = (struct step *)(void *)task;
	struct db *tx = db_begin(task);

	step->batch->work = task->arena;
	sql_import_begin(tx);
	import_match(tx, step->batch, &step->import->types);
	import_write(tx, step->batch);
	if (step->batch->dry == NULL)
		db_commit(tx);
}

/* State outside the database that a failed attempt may have changed. */
struct before {
	struct import_report counts; /* without the errors themselves, only their number */
	size_t types;
	struct import_line *lines;
	struct import_product products[IMPORT_BATCH_PRODUCTS];
	struct import_variant *variants[IMPORT_BATCH_PRODUCTS]; /* of each */
};

static struct import_line *copy_lines(const struct import_batch *batch)
{
	size_t bytes = batch->lines.count * sizeof(batch->lines.lines[0]);
	struct import_line *lines = arena_alloc(batch->arena, bytes);

	memcpy(lines, batch->lines.lines, bytes);
	return lines;
}

static struct before *remember(struct import *import, const struct import_batch *batch)
{
	struct before *before = arena_alloc(batch->arena, sizeof(*before));

	memcpy(&before->counts, &import->report, offsetof(struct import_report, errors));
	before->types = import->types.count;
	before->lines = copy_lines(batch);
	for (size_t i = 0; i < batch->count; i++) {
		const struct import_product *product = batch->products[i];
		size_t bytes = product->variant_count * sizeof(product->variants[0]);

		before->products[i] = *product;
		before->variants[i] = arena_alloc(batch->arena, bytes);
		if (bytes > 0)
			memcpy(before->variants[i], product->variants, bytes);
	}
	return before;
}

static void restore(struct import *import, struct import_batch *batch, const struct before *before)
{
	memcpy(&import->report, &before->counts, offsetof(struct import_report, errors));
	import->types.count = before->types;
	memcpy(batch->lines.lines, before->lines,
	       batch->lines.count * sizeof(batch->lines.lines[0]));
	for (size_t i = 0; i < batch->count; i++) {
		struct import_product *product = batch->products[i];

		*product = before->products[i];
		if (product->variant_count > 0)
			memcpy(product->variants, before->variants[i],
			       product->variant_count * sizeof(product->variants[0]));
	}
}

static bool is_transient(const struct problem *problem)
{
	return problem->code->status == 503;
}

/* True when the problem is the actor's permissions and not the batch's content. */
static bool is_about_the_actor(const struct problem *problem)
{
	int status = problem->code->status;

	return status == 401 || status == 403 || status == 404;
}

static bool try_batch(struct import *import, struct import_batch *batch, struct step *step)
{
	struct before *before = remember(import, batch);

	for (int attempt = 1;; attempt++) {
		*step = (struct step){.batch = batch};
		if (run_step(import, step, write_batch))
			return true;
		restore(import, batch, before);
		/* Writing it again is safe even when it is unknown whether it was committed. */
		if (!is_transient(&step->task.problem) || attempt == ATTEMPTS_MAX)
			return false;
		arena_free(step->task.arena);
		co_sleep_ms((int64_t)RETRY_MS << attempt);
	}
}

/* The database refused something in the batch that the checks did not find: write its products one
 * by one, so that only the invalid one is left out. */
static void write_singly(struct import *import, const struct import_batch *batch)
{
	for (size_t i = 0; i < batch->count; i++) {
		struct import_batch single = *batch;
		struct import_product *product = batch->products[i];
		struct step step;

		single.count = 1;
		single.products[0] = product;
		single.variant_count = product->variant_count;
		if (!try_batch(import, &single, &step)) {
			if (is_transient(&step.task.problem) ||
			    is_about_the_actor(&step.task.problem))
				give_up(import, &step);
			product->refused = true;
			import_refuse(&import->report, &import->header, product->line,
			              COLUMN_HANDLE, "The product conflicts with existing data: %s",
			              step.task.problem.detail);
		}
		arena_free(step.task.arena);
	}
}

static void batch_open(struct import *import)
{
	import->batch = (struct import_batch){
	    .arena = arena_new(BATCH_ARENA_BYTES, task_arena_full, import->task),
	    .currency = import->currency,
	    .vendor_name = import->vendor_name,
	    .header = &import->header,
	    .report = &import->report,
	    .seen = import->seen,
	    .dry = import->dry,
	};
	import->report.lines = &import->batch.lines;
}

/* Marks the batch's variants as seen, so that later rows do not match them by SKU. */
static void mark_variants(struct import *import)
{
	for (size_t p = 0; p < import->batch.count; p++) {
		const struct import_product *product = import->batch.products[p];

		for (size_t v = 0; v < product->variant_count && !product->refused; v++) {
			const struct import_variant *variant = &product->variants[v];

			if (!variant->refused && (variant->exists || import->dry == NULL))
				(void)import_seen_at(import->seen, import_variant_mark(variant->id),
				                     variant->line);
		}
	}
}

static void analyze(struct task *task)
{
	sql_import_analyze(db_of(task));
}

static void flush(struct import *import)
{
	struct import_batch *batch = &import->batch;
	struct step step;

	if (batch->count > 0) {
		if (!try_batch(import, batch, &step)) {
			if (is_transient(&step.task.problem) ||
			    is_about_the_actor(&step.task.problem))
				give_up(import, &step);
			arena_free(step.task.arena);
			write_singly(import, batch);
		} else {
			arena_free(step.task.arena);
		}
	}
	mark_variants(import);
	import_batch_count(batch);
	if (import->dry != NULL) {
		import_dry_keep(import->dry, batch);
		import->types.count = 0; /* its categories were rolled back */
	}
	arena_free(batch->arena);
	batch_open(import);
	if (import->dry == NULL && import->report.variants_created >= import->analyze_at) {
		run_step_or_give_up(import, analyze);
		import->analyze_at = import->report.variants_created * ANALYZE_FACTOR;
	}
}

/* The file ------------------------------------------------------------------------------------*/

static _Noreturn void refuse_file(struct import *import)
{
	const struct import_remark *why = &import->report.errors[0];

	task_end(import->task, PROBLEM_INVALID, "%s%s%s.", why->column == NULL ? "" : why->column,
	         why->column == NULL ? "" : ": ", why->reason);
}

/* Adds the rows of one product to the same batch. */
static void add_rows(void *arg, const struct import_row rows[], size_t count)
{
	struct import *import = arg;

	if (import_batch_is_full(&import->batch, &rows[0]))
		flush(import);
	for (size_t i = 0; i < count; i++)
		import_batch_add(&import->batch, &rows[i]);
}

static void take_row(void *arg, const struct csv_row *csv)
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
static void look(struct task *task)
{
	struct step *step = (struct step *)(void *)task;
	struct import *import = step->import;
	struct db *db = db_of(task);

	const struct import_look_row *found = sql_import_look_rows(db, sql_import_look(db), NULL);

	import->currency = arena_strdup(import->task->arena, found->currency);
	import->vendor_name = arena_strdup(import->task->arena, found->vendor);
}

static void write_audit(struct task *task)
{
	const struct import_report *report = &((struct step *)(void *)task)->import->report;
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

	import->task = task;
	import->report.arena = task->arena;
	import->types.arena = task->arena;
	import->report.dry_run = dry_run;
	import->dry = dry_run ? import_dry_new(task->arena) : NULL;
	import->analyze_at = ANALYZE_FIRST;
	run_step_or_give_up(import, look);
	import->seen = import_seen_new(task->arena, task_arena_full, task);
	import->reader = csv_reader_new(task->arena, take_row, import);
	arena_defer(task->arena, close_batch, import);
	batch_open(import);
	return import;
}

void import_feed(struct import *import, const char *bytes, size_t count)
{
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
	flush(import);
	if (import->dry == NULL)
		run_step_or_give_up(import, write_audit);
	return &import->report;
}
