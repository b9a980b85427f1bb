/*
 * import_http: POST /v1/vendors/{vendor_id}/products/import. The body is the file, read as it
 * arrives.
 */
#include <assert.h>
#include <errno.h>
#include <string.h>

#include "api.gen.h"
#include "base/limits.h"
#include "net/loop.h"
#include "shop/catalog/import.h"
#include "web/reply.h"

enum { PIECE_BYTES = 64 * 1024 };

static void write_remarks(struct json *json, const char *key, size_t count,
                          const struct import_remark remarks[])
{
	assert(count <= IMPORT_REMARKS_KEPT);
	json_key(json, key);
	json_open_array(json);
	for (size_t i = 0; i < count; i++) {
		json_open_object(json);
		json_put_int(json, "line", remarks[i].line);
		json_put_str(json, "column", remarks[i].column);
		json_put_str(json, "reason", remarks[i].reason);
		json_close_object(json);
	}
	json_close_array(json);
}

enum { COUNTS = 10 };

struct count {
	const char *name;
	int64_t count;
};

static void counts_of(const struct import_report *report, struct count ret[COUNTS])
{
	const struct count counts[COUNTS] = {
	    {"rows", report->rows},
	    {"taken", report->taken},
	    {"changed", report->changed},
	    {"unchanged", report->unchanged},
	    {"warned", report->warned},
	    {"refused", report->refused},
	    {"products_created", report->products_created},
	    {"products_updated", report->products_updated},
	    {"variants_created", report->variants_created},
	    {"variants_updated", report->variants_updated},
	};

	memcpy(ret, counts, sizeof(counts));
}

static const char *separator_name(const struct import_report *report)
{
	switch (report->separator) {
	case ';':
		return "semicolon";
	case '\t':
		return "tab";
	default:
		return "comma";
	}
}

static void write_report(struct json *json, const struct import_report *report)
{
	struct count counts[COUNTS];

	counts_of(report, counts);
	json_open_object(json);
	json_put_str(json, "dialect",
	             report->dialect == IMPORT_WOOCOMMERCE ? "woocommerce" : "shopify");
	json_put_str(json, "separator", separator_name(report));
	json_put_str(json, "decimals", report->decimal_comma ? "comma" : "point");
	json_key(json, "dry_run");
	json_bool(json, report->dry_run);
	for (size_t i = 0; i < COUNTS; i++)
		json_put_int(json, counts[i].name, counts[i].count);
	write_remarks(json, "warnings", report->warnings_kept, report->warnings);
	json_put_int(json, "warnings_total", report->warnings_total);
	write_remarks(json, "errors", report->errors_kept, report->errors);
	json_put_int(json, "errors_total", report->errors_total);
	json_close_object(json);
}

static void add_remarks(struct buf *csv, const char *kind, size_t count,
                        const struct import_remark remarks[])
{
	for (size_t i = 0; i < count; i++) {
		buf_printf(csv, "%s,%lld,", kind, (long long)remarks[i].line);
		csv_add(csv, remarks[i].column == NULL ? "" : remarks[i].column);
		buf_add_char(csv, ',');
		csv_add(csv, remarks[i].reason);
		buf_add_char(csv, '\n');
	}
}

/* The report as CSV, for spreadsheets. */
static void write_csv(struct buf *csv, const struct import_report *report)
{
	struct count counts[COUNTS];

	counts_of(report, counts);
	buf_add_str(csv, "Kind,Line,Column,Text\n");
	for (size_t i = 0; i < COUNTS; i++)
		buf_printf(csv, "%s,,,%lld\n", counts[i].name, (long long)counts[i].count);
	add_remarks(csv, "error", report->errors_kept, report->errors);
	add_remarks(csv, "warning", report->warnings_kept, report->warnings);
}

/* Each piece renews the request's deadline: a large file may take longer than a request. */
static size_t read_piece(struct request *rq, char *bytes)
{
	rq->task.deadline_ms = loop_now_ms() + LIMIT_REQUEST_MS;
	long length = http_read(rq->http, bytes, PIECE_BYTES, rq->task.deadline_ms);

	if (length == -ETIMEDOUT)
		task_end(&rq->task, PROBLEM_INVALID, "The upload stalled.");
	if (length < 0)
		task_end(&rq->task, PROBLEM_INVALID, "The client disconnected.");
	assert(length <= PIECE_BYTES);
	return (size_t)length;
}

/* POST /v1/vendors/{vendor_id}/products/import */
void import_products(struct request *rq, const struct import_products_in *in)
{
	struct import *import = import_begin(&rq->task, in->dry_run);
	char *bytes = arena_alloc(rq->task.arena, PIECE_BYTES);
	struct buf body = buf_new(rq->task.arena, 1024);
	struct json json = json_new(&body);
	size_t length;

	while ((length = read_piece(rq, bytes)) > 0)
		import_feed(import, bytes, length);
	const struct import_report *report = import_end(import);

	if (in->report == IMPORT_PRODUCTS_REPORT_CSV) {
		write_csv(&body, report);
		reply_header(rq, "Content-Disposition", "attachment; filename=\"import.csv\"");
		reply_text(rq, "text/csv; charset=utf-8", body.data, body.length);
		return;
	}
	write_report(&json, report);
	reply_json(rq, 200, &body);
}
