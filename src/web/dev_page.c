#include "web/dev_page.h"

#include <assert.h>
#include <hiredis/hiredis.h>
#include <jansson.h>
#include <string.h>

#include "base/html.h"
#include "base/json.h"
#include "base/json_tree.h"
#include "base/limits.h"
#include "net/loop.h"
#include "store/redis.h"
#include "web/accept.h"
#include "web/reply.h"

enum { REDIS_MS = 2000, SECONDS_LENGTH = 19 /* of a time in RFC 3339 */ };

static const char POLICY[] = "default-src 'none'; style-src 'unsafe-inline'; frame-src 'self'; "
                             "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
static const char STYLE[] =
    "body{font:16px/1.5 system-ui,sans-serif;max-width:44em;margin:2em auto;padding:0 1em;"
    "color:#1f2328}table{width:100%;border-collapse:collapse}td{padding:.5em;border-top:1px solid "
    "#d0d7de;vertical-align:top}td.q{white-space:nowrap}iframe{width:100%;height:70vh;border:1px "
    "solid #d0d7de;border-radius:8px}article{padding:.75em 1em;margin:.75em 0;border:1px solid "
    "#d0d7de;border-radius:12px}article h2,article p{margin:0;font-size:1em}.q{color:#57606a}"
    "article .q{font-size:.875em}form{display:inline}button{font:inherit;padding:.5em 1em;"
    "margin-right:.5em}";

struct buf dev_page_new(struct request *rq, const char *title, const char *lead)
{
	struct buf page = buf_new(rq->task.arena, 8192);

	buf_add_str(&page, "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n"
	                   "<meta name=\"viewport\" content=\"width=device-width\">\n<title>");
	html_escape(&page, title);
	buf_printf(&page, "</title>\n<style>%s</style>\n<h1 dir=\"auto\">", STYLE);
	html_escape(&page, title);
	buf_printf(&page, "</h1>\n<p class=\"q\">%s</p>\n", lead);
	return page;
}

void dev_page_time(struct buf *page, const char *time)
{
	html_escape(page, arena_strndup(page->arena, time, strnlen(time, SECONDS_LENGTH)));
	buf_add_str(page, "Z");
}

bool dev_page_is_asked(struct request *rq)
{
	reply_varies(rq, "Accept");
	return accept_in(rq->http, "Accept", "text/html");
}

void dev_page_reply(struct request *rq, const struct buf *page, const char *policy)
{
	reply_header(rq, "Content-Security-Policy", policy != NULL ? policy : POLICY);
	reply_header(rq, "Referrer-Policy", "no-referrer");
	reply_header(rq, "Cache-Control", "no-store");
	reply_send(rq, 200, "text/html; charset=utf-8", page->data, page->length);
}

/* Lists. */

int dev_list_add(struct arena *arena, struct redis *redis, const struct dev_list *list,
                 const char *const items[], size_t count)
{
	const char **argv = arena_array(arena, count + 2, sizeof(*argv));
	size_t *lengths = arena_array(arena, count + 2, sizeof(*lengths));
	const char *last = arena_printf(arena, "%d", LIMIT_SHOWN - 1);
	const char *trim[] = {"LTRIM", list->key, "0", last};
	const size_t trim_lengths[] = {5, strlen(list->key), 1, strlen(last)};
	struct redisReply *reply;

	assert(count > 0);
	argv[0] = "LPUSH";
	argv[1] = list->key;
	memcpy(&argv[2], items, count * sizeof(*items));
	for (size_t i = 0; i < count + 2; i++)
		lengths[i] = strlen(argv[i]);
	int rc = redis_call(redis, loop_now_ms() + REDIS_MS, &reply, (int)count + 2, argv, lengths);

	if (rc != 0)
		return rc;
	freeReplyObject(reply);
	redis_send(redis, 4, trim, trim_lengths);
	return 0;
}

static const char *member(const json_t *item, const char *name)
{
	const char *text = json_string_value(json_object_get(item, name));

	return text != NULL ? text : "";
}

static void add_article(struct buf *out, const struct dev_list *list, const json_t *item)
{
	buf_add_str(out, "<article>\n");
	if (list->heading != NULL) {
		buf_add_str(out, "<h2 dir=\"auto\">");
		html_escape(out, member(item, list->heading));
		buf_add_str(out, "</h2>\n");
	}
	buf_add_str(out, "<p dir=\"auto\">");
	html_escape(out, member(item, list->text));
	buf_add_str(out, "</p>\n<p class=\"q\">");
	for (const char *const *name = list->below; *name != NULL; name++) {
		const char *text = member(item, *name);

		if (text[0] == 0)
			continue;
		html_escape(out, text);
		buf_add_str(out, " \u00b7 ");
	}
	dev_page_time(out, member(item, "created_at"));
	buf_add_str(out, "</p>\n</article>\n");
}

static void reply_page_of(struct request *rq, const struct dev_list *list,
                          const struct redisReply *kept)
{
	struct buf page = dev_page_new(rq, list->title, list->lead);

	for (size_t i = 0; i < kept->elements; i++)
		add_article(
		    &page, list,
		    json_of_database(rq->task.arena, kept->element[i]->str, kept->element[i]->len));
	dev_page_reply(rq, &page, NULL);
}

static void reply_items(struct request *rq, const struct dev_list *list,
                        const struct redisReply *kept)
{
	struct buf out = buf_new(rq->task.arena, 8192);
	struct json json = json_new(&out);

	json_open_object(&json);
	json_key(&json, list->name);
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

void dev_list_reply(struct request *rq, struct redis *redis, const struct dev_list *list)
{
	const char *range[] = {"LRANGE", list->key, "0", "-1"};
	const size_t lengths[] = {6, strlen(list->key), 1, 2};
	struct redisReply *kept;

	if (redis == NULL)
		task_end(&rq->task, PROBLEM_NOT_FOUND, "%s", list->absent);
	if (redis_call(redis, loop_now_ms() + REDIS_MS, &kept, 4, range, lengths) != 0)
		task_end(&rq->task, PROBLEM_UNAVAILABLE, "Redis cannot be reached.");
	arena_defer(rq->task.arena, free_reply, kept);
	if (kept->type != REDIS_REPLY_ARRAY)
		task_end(&rq->task, PROBLEM_UNAVAILABLE, "Redis does not have them.");
	if (dev_page_is_asked(rq))
		reply_page_of(rq, list, kept);
	else
		reply_items(rq, list, kept);
}
