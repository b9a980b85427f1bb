/* Sends problems as application/problem+json (RFC 9457). */
#include <stdio.h>
#include <string.h>

#include "web/language.h"
#include "web/reply.h"
#include "web/request_context.h"

/* Languages of titles and details; the default is first. */
static const char *const LANGUAGES[] = {"en", NULL};

void reply_problem(struct request *rq, const struct problem *problem)
{
	const struct problem_code *code = problem->code;
	struct buf body = buf_new(rq->task.arena, 512);
	struct json json = json_new(&body);
	const struct trace *trace = &request_context_of(rq)->trace;
	char seconds[16], trace_id[TRACE_ID_TEXT + 1];

	json_open_object(&json);
	json_put_str(&json, "type", arena_printf(rq->task.arena, "/problems/%s", code->name));
	json_put_str(&json, "title", code->title);
	json_put_int(&json, "status", code->status);
	json_put_str(&json, "detail", problem->detail);
	json_put_str(&json, "code", code->name);
	json_put_str(&json, "request_id", rq->task.request_id);
	if (trace->known) {
		trace_format_id(trace, trace_id);
		json_put_str(&json, "trace_id", trace_id);
	}
	if (problem->errors != NULL) {
		json_key(&json, "errors");
		json_raw(&json, problem->errors, strlen(problem->errors));
	}
	json_close_object(&json);
	if (problem->extra != NULL) { /* members of its own, before the closing brace */
		body.length--;
		buf_printf(&body, ",%s}", problem->extra);
	}
	if (problem->retry_after_s > 0 || code->status == 503) {
		snprintf(seconds, sizeof(seconds), "%d",
		         problem->retry_after_s > 0 ? problem->retry_after_s
		                                    : request_retry_after_s());
		reply_header(rq, "Retry-After", seconds);
	}
	reply_header(rq, "Content-Language",
	             language_choose(http_header(rq->http, "Accept-Language"), LANGUAGES));
	reply_send(rq, code->status, "application/problem+json", body.data, body.length);
}
