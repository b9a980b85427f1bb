/*
 * import_command: `sebez import --vendor SLUG FILE.csv`. The command has the database's password,
 * so it acts for the vendor without a sign-in.
 */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "import.sql.h"
#include "net/loop.h"
#include "shop/catalog/catalog.h"
#include "shop/catalog/import.h"
#include "task/db.h"

enum { PIECE_BYTES = 64 * 1024, PROGRESS_MS = 500, REMARKS_PRINTED = 100 };

struct progress {
	int64_t started_ms, shown_ms;
	int64_t bytes, bytes_all; /* 0: unknown */
	bool terminal;
};

static void close_file(void *file)
{
	fclose(file);
}

static void show(struct progress *progress, const struct import_report *report)
{
	int64_t now = loop_now_ms();
	int64_t took_ms = now - progress->started_ms + 1;

	if (!progress->terminal || now - progress->shown_ms < PROGRESS_MS)
		return;
	progress->shown_ms = now;
	fprintf(stderr, "\r%lld rows, %lld rows/s", (long long)report->rows,
	        (long long)(report->rows * 1000 / took_ms));
	if (progress->bytes_all > 0)
		fprintf(stderr, ", %lld %%",
		        (long long)(progress->bytes * 100 / progress->bytes_all));
	fprintf(stderr, "\033[K");
	fflush(stderr);
}

static void print_remarks(const char *kind, int64_t total, size_t kept,
                          const struct import_remark remarks[])
{
	assert((int64_t)kept <= total);
	for (size_t i = 0; i < kept && i < REMARKS_PRINTED; i++)
		printf("%sline %lld%s%s: %s\n", kind, (long long)remarks[i].line,
		       remarks[i].column == NULL ? "" : ", ",
		       remarks[i].column == NULL ? "" : remarks[i].column, remarks[i].reason);
	if (total > REMARKS_PRINTED)
		printf("%sand %lld more\n", kind, (long long)(total - REMARKS_PRINTED));
}

static void print_report(const struct progress *progress, const struct import_report *report)
{
	int64_t took_ms = loop_now_ms() - progress->started_ms + 1;

	if (progress->terminal)
		fprintf(stderr, "\r\033[K");
	print_remarks("warning: ", report->warnings_total, report->warnings_kept, report->warnings);
	print_remarks("", report->errors_total, report->errors_kept, report->errors);
	printf(
	    "%lld rows read, %lld changed, %lld unchanged, %lld with warnings, %lld refused%s%s\n",
	    (long long)report->taken, (long long)report->changed, (long long)report->unchanged,
	    (long long)report->warned, (long long)report->refused,
	    report->dialect == IMPORT_WOOCOMMERCE ? "; a file of WooCommerce" : "",
	    report->dry_run ? "; a dry run: nothing was written" : "");
	printf("%lld rows in %.1f s (%lld rows/s): %lld products added, %lld changed; "
	       "%lld variants added, %lld changed; %lld warnings, %lld errors\n",
	       (long long)report->rows, (double)took_ms / 1000,
	       (long long)(report->rows * 1000 / took_ms), (long long)report->products_created,
	       (long long)report->products_updated, (long long)report->variants_created,
	       (long long)report->variants_updated, (long long)report->warnings_total,
	       (long long)report->errors_total);
	fflush(stdout);
}

static void act_for(struct task *task, const char *vendor_slug)
{
	assert(task->actor.kind == ACTOR_JOBS);
	struct db *db = db_as(task, PG_JOBS);
	const struct import_vendor_row *vendor =
	    sql_import_vendor_rows(db, sql_import_vendor(db, vendor_slug), NULL);

	if (vendor == NULL)
		task_end(task, PROBLEM_NOT_FOUND, "Vendor %s not found.", vendor_slug);
	task->actor = (struct actor){.kind = ACTOR_IMPORT, .vendor_id = vendor->id};
}

void catalog_import_file(struct task *task, const char *vendor_slug, const char *path, bool dry_run)
{
	char *bytes = arena_alloc(task->arena, PIECE_BYTES);
	struct progress progress = {
	    .started_ms = loop_now_ms(),
	    .terminal = isatty(STDERR_FILENO),
	};
	struct stat status;
	size_t length;
	FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "r");

	if (file == NULL)
		task_end(task, PROBLEM_INVALID, "%s: %s", path, strerror(errno));
	arena_defer(task->arena, close_file, file);
	if (fstat(fileno(file), &status) == 0 && S_ISREG(status.st_mode))
		progress.bytes_all = status.st_size;
	act_for(task, vendor_slug);

	struct import *import = import_begin(task, dry_run);
	while ((length = fread(bytes, 1, PIECE_BYTES, file)) > 0) {
		progress.bytes += (int64_t)length;
		import_feed(import, bytes, length);
		show(&progress, import_report(import));
	}
	if (ferror(file))
		task_end(task, PROBLEM_INVALID, "%s: %s", path, strerror(EIO));
	const struct import_report *report = import_end(import);
	print_report(&progress, report);
	if (report->errors_total > 0)
		task_end(task, PROBLEM_INVALID, "Some rows %s.",
		         dry_run ? "would be refused" : "were refused");
}

const struct import_report *catalog_import_text(struct task *task, const char *text, size_t length)
{
	struct import *import = import_begin(task, false);

	import_feed(import, text, length);
	return import_end(import);
}
