/* /dev/push: a page for browsers, JSON for programs. */
#include <hiredis/hiredis.h>
#include <jansson.h>
#include <string.h>

#include "api.gen.h"
#include "base/html.h"
#include "base/json.h"
#include "base/json_tree.h"
#include "net/loop.h"
#include "shop/push/show.h"
#include "store/redis.h"
#include "web/accept.h"
#include "web/reply.h"

enum { REDIS_MS = 2000 };

static const char POLICY[] = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; "
                             "form-action 'none'; frame-ancestors 'none'";
static const char HEAD[] =
    "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n"
    "<meta name=\"viewport\" content=\"width=device-width\">\n"
    "<title>Push messages of the demo</title>\n"
    "<style>body{font:16px/1.5 system-ui,sans-serif;max-width:44em;margin:2em auto;padding:0 1em;"
    "color:#1f2328}article{padding:.75em 1em;margin:.75em 0;border:1px solid #d0d7de;"
    "border-radius:12px}h2,p{margin:0;font-size:1em}.q{color:#57606a;font-size:.875em}</style>\n"
    "<h1>Push messages</h1>\n<p class=\"q\">What the demo would have sent to devices, the latest "
    "first. <code>PUT /v1/devices/{device_id}</code> registers one; it may have any address.</p>\n";

static const char *member(const json_t *push, const char *name)
{
	const char *text = json_string_value(json_object_get(push, name));

	return text != NULL ? text : "";
}

static void add_article(struct buf *out, const json_t *push)
{
	static const char *const BELOW[] = {"to",    "platform", "provider",
	                                    "class", "link",     "created_at"};

	buf_add_str(out, "<article>\n<h2 dir=\"auto\">");
	html_escape(out, member(push, "title"));
	buf_add_str(out, "</h2>\n<p dir=\"auto\">");
	html_escape(out, member(push, "body"));
	buf_add_str(out, "</p>\n<p class=\"q\">");
	for (size_t i = 0; i < sizeof(BELOW) / sizeof(BELOW[0]); i++) {
		buf_add_str(out, i > 0 ? " · " : "");
		html_escape(out, member(push, BELOW[i]));
	}
	buf_add_str(out, "</p>\n</article>\n");
}

static void reply_shown(struct request *rq, const struct redisReply *kept)
{
	struct buf out = buf_new(rq->task.arena, 8192);

	buf_add_str(&out, HEAD);
	for (size_t i = 0; i < kept->elements; i++)
		add_article(&out, json_of_database(rq->task.arena, kept->element[i]->str,
		                                   kept->element[i]->len));
	reply_header(rq, "Content-Security-Policy", POLICY);
	reply_header(rq, "Referrer-Policy", "no-referrer");
	reply_header(rq, "Cache-Control", "no-store");
	reply_send(rq, 200, "text/html; charset=utf-8", out.data, out.length);
}

static void reply_pushes(struct request *rq, const struct redisReply *kept)
{
	struct buf out = buf_new(rq->task.arena, 8192);
	struct json json = json_new(&out);

	json_open_object(&json);
	json_key(&json, "pushes");
	json_open_array(&json);
	for (size_t i = 0; i < kept->elements; i++)
		json_raw(&json, kept->element[i]->str, kept->element[i]->len);
	json_close_array(&json);
	json_close_object(&json);
	reply_json(rq, 200, &out);
}

static void free_reply(void *reply)
{
	freeReplyObject(reply);
}

/* GET /dev/push */
void list_dev_pushes(struct request *rq, const struct list_dev_pushes_in *in)
{
	static const char *const RANGE[] = {"LRANGE", PUSH_SHOWN_KEY, "0", "-1"};
	static const size_t LENGTHS[] = {6, sizeof(PUSH_SHOWN_KEY) - 1, 1, 2};
	struct redis *redis = push_show_redis();
	struct redisReply *kept;

	(void)in;
	if (redis == NULL)
		task_end(&rq->task, PROBLEM_NOT_FOUND,
		         "Push messages are shown here by a demo without a provider.");
	if (redis_call(redis, loop_now_ms() + REDIS_MS, &kept, 4, RANGE, LENGTHS) != 0)
		task_end(&rq->task, PROBLEM_UNAVAILABLE, "Redis cannot be reached.");
	arena_defer(rq->task.arena, free_reply, kept);
	if (kept->type != REDIS_REPLY_ARRAY)
		task_end(&rq->task, PROBLEM_UNAVAILABLE, "Redis does not have them.");
	reply_varies(rq, "Accept");
	if (accept_in(rq->http, "Accept", "text/html"))
		reply_shown(rq, kept);
	else
		reply_pushes(rq, kept);
}
