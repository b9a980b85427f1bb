#include <assert.h>

#include "net/spans.h"
#include "web/request_context.h"

void request_trace(const struct request_context *ctx, int status)
{
	const struct request *rq = &ctx->rq;

	assert(status >= 100 && rq->http != NULL);
	if (!ctx->trace.sampled)
		return;
	spans_add(&(struct span){.trace = ctx->trace,
	                         .kind = SPAN_SERVER,
	                         .name = rq->operation != NULL ? rq->operation->id : "none",
	                         .method = spans_method(http_method(rq->http)),
	                         .error = status >= 500 ? rq->task.problem.code->name : NULL,
	                         .status = status,
	                         .duration_us = request_now_us() - ctx->started_us});
}

struct log_field request_log_trace(const struct request_context *ctx, char id[TRACE_ID_TEXT + 1])
{
	if (!ctx->trace.known)
		return (struct log_field){0};
	trace_format_id(&ctx->trace, id);
	return log_str("trace_id", id);
}
