/* Handlers of api/node.yaml for the state of the node. */
#include "api.gen.h"
#include "net/loop.h"
#include "node/api.h"
#include "node/metrics.h"
#include "node/readiness.h"
#include "web/reply.h"

/* Load balancers probe every few seconds with a timeout of about one second; answer before that. */
enum { READY_MS = 800 };

_Static_assert(READY_MS < 1000, "the answer comes before the usual timeout");

/* Current state must not be cached, although it is public. */
static void of_this_moment(struct request *rq)
{
	reply_header(rq, "Cache-Control", "no-store");
}

static void reply_status(struct request *rq)
{
	struct buf body = buf_new(rq->task.arena, 128);
	struct json json = json_new(&body);

	json_open_object(&json);
	json_put_str(&json, "status", "ok");
	json_put_str(&json, "version", SEBEZ_VERSION);
	json_close_object(&json);
	of_this_moment(rq);
	reply_json(rq, 200, &body);
}

/* GET /healthz: this process runs its loop. */
void get_health(struct request *rq, const struct get_health_in *in)
{
	(void)in;
	reply_status(rq);
}

/* GET /readyz: whether a load balancer may send requests here. */
void get_readiness(struct request *rq, const struct get_readiness_in *in)
{
	(void)in;
	if (api_is_draining())
		task_end(&rq->task, PROBLEM_UNAVAILABLE, "The process is shutting down.");
	if (!readiness_ask(loop_now_ms() + READY_MS))
		task_end(&rq->task, PROBLEM_UNAVAILABLE,
		         "The database does not respond or accepts no new connections.");
	reply_status(rq);
}

/* GET /metrics: Prometheus text for all processes. */
void get_metrics(struct request *rq, const struct get_metrics_in *in)
{
	struct buf body = buf_new(rq->task.arena, 64 * 1024);

	(void)in;
	api_refresh_gauges();
	metrics_write(&body);
	of_this_moment(rq);
	reply_text(rq, "text/plain; version=0.0.4; charset=utf-8", body.data, body.length);
}
