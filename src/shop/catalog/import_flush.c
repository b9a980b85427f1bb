/*
 * import_flush: writes the batches of an import, each in a transaction of its own.
 */
#include <assert.h>
#include <stddef.h>
#include <string.h>

#include "base/limits.h"
#include "import.sql.h"
#include "net/co.h"
#include "net/loop.h"
#include "shop/catalog/import_fetch.h"
#include "shop/catalog/import_state.h"
#include "shop/catalog/import_write.h"

enum {
	/* A batch of IMPORT_BATCH_BYTES and the row that filled it, in growing arrays. */
	BATCH_ARENA_BYTES = 16 * 1024 * 1024,
	ATTEMPTS_MAX = 6, /* per batch, when the database is busy or down: five seconds in all */
	RETRY_MS = 100,   /* doubled each time */
	ANALYZE_FACTOR = 10,
};

_Static_assert(offsetof(struct import_step, task) == 0, "a task is cast to its step");
_Static_assert(offsetof(struct import_report, errors) >
                   offsetof(struct import_report, warnings_kept),
               "counts are restored up to the errors");

static bool run_step(struct import *import, struct import_step *step,
                     void (*body)(struct task *task))
{
	assert(step->task.arena == NULL); /* an earlier attempt's was freed */
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
static _Noreturn void give_up(struct import *import, struct import_step *step)
{
	struct arena *arena = import->task->arena;
	struct problem problem = step->task.problem;

	assert(problem.code != NULL);
	problem.detail = copy(arena, problem.detail);
	problem.errors = copy(arena, problem.errors);
	problem.extra = copy(arena, problem.extra);
	problem.log = copy(arena, problem.log);
	arena_free(step->task.arena);
	task_end_with(import->task, problem);
}

void import_run(struct import *import, void (*body)(struct task *task))
{
	struct import_step step = {.batch = &import->batch};

	if (!run_step(import, &step, body))
		give_up(import, &step);
	arena_free(step.task.arena);
}

/* A batch -------------------------------------------------------------------------------------*/

static void write_batch(struct task *task)
{
	struct import_step *step = (struct import_step *)(void *)task;
	struct db *tx = db_begin(task);

	assert(step->batch->count > 0 && step->batch->count <= IMPORT_BATCH_PRODUCTS);
	step->batch->work = task->arena;
	sql_import_begin(tx);
	import_fetch(tx,
	             step->batch); /* uploads are locked before products, as by media processes */
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

		assert(product->line == before->products[i].line);
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

static bool try_batch(struct import *import, struct import_batch *batch, struct import_step *step)
{
	struct before *before = remember(import, batch);

	for (int attempt = 1;; attempt++) {
		*step = (struct import_step){.batch = batch};
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
		struct import_step step;

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

void import_open_batch(struct import *import)
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

void import_flush(struct import *import)
{
	struct import_batch *batch = &import->batch;
	struct import_step step;

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
	assert(import->report.rows >= (int64_t)batch->lines.count);
	if (import->dry != NULL) {
		import_dry_keep(import->dry, batch);
		import->types.count = 0; /* its categories were rolled back */
	}
	arena_free(batch->arena);
	import_open_batch(import);
	if (import->dry == NULL && import->report.variants_created >= import->analyze_at) {
		import_run(import, analyze);
		import->analyze_at = import->report.variants_created * ANALYZE_FACTOR;
	}
}
