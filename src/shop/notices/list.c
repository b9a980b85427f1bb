/*
 * list: the notices of an account, as its apps show them.
 */
#include <assert.h>

#include "api.gen.h"
#include "base/json_tree.h"
#include "base/limits.h"
#include "notices.sql.h"
#include "shop/campaigns/campaigns.h"
#include "shop/notices/notices.h"
#include "shop/texts/texts.h"
#include "web/language.h"
#include "web/page.h"
#include "web/reply.h"

/* Who reads an answer. */
struct answer_reader {
	struct arena *arena;
	struct text_reader reader;
};

static struct answer_reader *reader_of(struct request *rq)
{
	struct answer_reader *made = arena_alloc(rq->task.arena, sizeof(*made));
	const char *name =
	    language_choose(http_header(rq->http, "Accept-Language"), text_language_names());

	*made = (struct answer_reader){rq->task.arena, {.language = text_language_of(name, NULL)}};
	return made;
}

/* A rows_rewrite_fn: {"title", "body"} of a notice's facts, or null. */
static void write_text(void *arg, struct json *json, const char *facts, size_t length)
{
	const struct answer_reader *answer = arg;
	const char *copy = arena_strndup(answer->arena, facts, length);
	const json_t *all = json_of_database(answer->arena, copy, length);
	const char *kind = json_string_value(json_object_get(all, "kind"));
	struct notice_text text;

	assert(kind != NULL);
	if (!notice_text(answer->arena, &answer->reader, kind, copy, &text)) {
		json_nil(json);
		return;
	}
	json_open_object(json);
	json_put_str(json, "title", text.title);
	json_put_str(json, "body", text.body);
	json_close_object(json);
}

/* GET /v1/notifications */
void list_notifications(struct request *rq, const struct list_notifications_in *in)
{
	struct page page = page_open(rq, in->cursor, in->limit, 0, PAGE_DESCENDING);
	struct uuid account = rq->task.actor.account_id;
	struct db *batch = db_batch(&rq->task);
	struct rows *items =
	    sql_notices_page(batch, account, in->unread, page.after_id, page.count);
	const struct rows *unread = sql_notices_unread(batch, account, LIMIT_NOTICES_COUNTED);

	db_run(batch);
	rows_rewrite(items, "text", write_text, reader_of(rq));
	reply_varies(rq, "Accept-Language");
	reply_page_and(rq, &page, items, unread);
}

/* POST /v1/notifications/read */
void read_notifications(struct request *rq, const struct read_notifications_in *in)
{
	struct uuid account = rq->task.actor.account_id;
	struct db *batch = db_batch(&rq->task);

	if (in->ids != NULL) {
		struct uuid_array ids = {in->ids_count, in->ids};

		sql_notices_read(batch, account, ids);
		campaigns_opened(batch, account, ids);
	}
	if (in->up_to != NULL) {
		sql_notices_read_up_to(batch, account, *in->up_to);
		campaigns_opened_up_to(batch, account, *in->up_to);
	}
	reply_commit_row(rq, batch, 200, sql_notices_unread(batch, account, LIMIT_NOTICES_COUNTED));
}

/* POST /v1/notifications/{notification_id}/opened */
void open_notification(struct request *rq, const struct open_notification_in *in)
{
	struct uuid account = rq->task.actor.account_id;
	struct db *batch = db_batch(&rq->task);

	sql_notice_opened(batch, account, in->notification_id);
	campaigns_clicked(batch, account, in->notification_id);
	reply_commit_empty(rq, batch);
}
