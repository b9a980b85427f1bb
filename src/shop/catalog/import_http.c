/*
 * import_http: POST /v1/vendors/{vendor_id}/products/import. The body is the file, read as it
 * comes.
 */
#include <errno.h>

#include "api.gen.h"
#include "base/limits.h"
#include "net/loop.h"
#include "shop/catalog/import.h"
#include "web/reply.h"

enum { PIECE_BYTES = 64 * 1024 };

static void write_remarks(struct json *json, const char *key, size_t count,
                          const struct import_remark remarks[])
{
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

static void write_report(struct json *json, const struct import_report *report)
{
	json_open_object(json);
	json_put_int(json, "rows", report->rows);
	json_put_int(json, "products_created", report->products_created);
	json_put_int(json, "products_updated", report->products_updated);
	json_put_int(json, "variants_created", report->variants_created);
	json_put_int(json, "variants_updated", report->variants_updated);
	write_remarks(json, "warnings", report->warnings_kept, report->warnings);
	json_put_int(json, "warnings_total", report->warnings_total);
	write_remarks(json, "errors", report->errors_kept, report->errors);
	json_put_int(json, "errors_total", report->errors_total);
	json_close_object(json);
}

/* Each piece gives the request its time again: a large file may take longer than a request. */
static size_t read_piece(struct request *rq, char *bytes)
{
	rq->task.deadline_ms = loop_now_ms() + LIMIT_REQUEST_MS;
	long length = http_read(rq->http, bytes, PIECE_BYTES, rq->task.deadline_ms);

	if (length == -ETIMEDOUT)
		task_end(&rq->task, PROBLEM_INVALID, "The file stopped coming.");
	if (length < 0)
		task_end(&rq->task, PROBLEM_INVALID, "The client has gone.");
	return (size_t)length;
}

/* POST /v1/vendors/{vendor_id}/products/import */
void import_products(struct request *rq, const struct import_products_in *in)
{
	struct import *import = import_begin(&rq->task);
	char *bytes = arena_alloc(rq->task.arena, PIECE_BYTES);
	struct buf body = buf_new(rq->task.arena, 1024);
	struct json json = json_new(&body);
	size_t length;

	(void)in;
	while ((length = read_piece(rq, bytes)) > 0)
		import_feed(import, bytes, length);
	write_report(&json, import_end(import));
	reply_json(rq, 200, &body);
}
