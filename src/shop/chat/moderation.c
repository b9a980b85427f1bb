/*
 * moderation: the admin endpoints of chat: reports, held messages, settings. Admins never see the
 * notes of a vendor's staff.
 */
#include "moderation.sql.h"

#include <assert.h>
#include <string.h>

#include "base/clock.h"
#include "chat.sql.h"
#include "shop/chat/attachments.h"
#include "shop/chat/talk.h"
#include "shop/platform/platform.h"
#include "web/page.h"
#include "web/reply.h"

/* GET /v1/admin/chat/reports */
void list_reports(struct request *rq, const struct list_reports_in *in)
{
	struct page page = page_open(rq, in->cursor, in->limit, 0, PAGE_DESCENDING);
	const char *status = in->status != NULL ? REPORT_STATUS_NAMES[*in->status] : NULL;

	struct rows *reports = sql_reports_page(db_of(&rq->task), NULL, status, page.after_key,
	                                        page.after_id, page.count);

	attachments_show(rq, reports, "message.attachments");
	reply_page(rq, &page, reports);
}

static void show_overseen(struct request *rq, struct rows *messages)
{
	attachments_show(rq, messages, "attachments");
	attachments_show_history(rq, messages, "history");
}

static void release_arena(void *arena)
{
	arena_free(arena);
}

/* Of the messages around one that was reported: it, and the nearest ones until the bytes of an
 * answer are used up. A message may have thousands of characters, changes and links. */
static void write_around(struct request *rq, const struct rows *around, struct uuid reported,
                         struct json *json)
{
	size_t count = rows_count(around), at = 0, first, end, bytes = 0;
	struct buf *texts = arena_array(rq->task.arena, count, sizeof(texts[0]));
	struct arena *scratch = arena_new(LIMIT_REQUEST_ARENA_BYTES, task_arena_full, &rq->task);

	arena_defer(rq->task.arena, release_arena, scratch);
	while (at < count &&
	       !uuid_equal(rows_uuid(around, at, rows_column(around, "id")), reported))
		at++;
	first = end = at;
	while (bytes < LIMIT_PAGE_BYTES && (first > 0 || end < count)) {
		bool later = first == 0 || (end < count && end - at <= at - first);
		size_t next = later ? end++ : --first;
		struct json text;

		texts[next] = buf_new(scratch, 1024);
		text = json_new(&texts[next]);
		rows_json_object(around, next, &text);
		bytes += texts[next].length;
	}
	json_open_array(json);
	for (size_t i = first; i < end; i++)
		json_raw(json, texts[i].data, texts[i].length);
	json_close_array(json);
}

/* GET /v1/admin/chat/reports/{report_id} */
void get_report(struct request *rq, const struct get_report_in *in)
{
	struct db *batch = db_batch(&rq->task);
	struct buf body = buf_new(rq->task.arena, 4096);
	struct json json = json_new(&body);
	struct rows *report, *around;
	struct uuid last;

	memset(last.bytes, 0xff, sizeof(last.bytes));
	report = sql_reports_page(batch, &in->report_id, NULL, TIME_INFINITY, last, 1);
	around = sql_overseen_messages(batch, in->report_id, true, 0, 0);
	db_run(batch);
	assert(rows_count(report) <= 1);
	if (rows_count(report) == 0)
		task_end(&rq->task, PROBLEM_NOT_FOUND, "Report not found.");
	attachments_show(rq, report, "message.attachments");
	show_overseen(rq, around);
	json_open_object(&json);
	json_key(&json, "report");
	rows_json_object(report, 0, &json);
	json_key(&json, "conversation");
	write_around(rq, around, rows_uuid(report, 0, rows_column(report, "message.id")), &json);
	json_close_object(&json);
	reply_json(rq, 200, &body);
}

/* POST /v1/admin/chat/reports/{report_id}/decide */
void decide_report(struct request *rq, const struct decide_report_in *in)
{
	struct db *batch = db_batch(&rq->task);

	sql_report_decide(batch, in->report_id, in->decision == REPORT_DECISION_REMOVE);
	chat_announce(batch);
	reply_commit_empty(rq, batch);
}

/* GET /v1/admin/conversations/{conversation_id}/messages */
void admin_list_messages(struct request *rq, const struct admin_list_messages_in *in)
{
	struct page page = page_open(rq, in->cursor, in->limit, 0, PAGE_DESCENDING);
	struct db *batch = db_batch(&rq->task);
	struct rows *messages;

	sql_conversation_parties(batch, in->conversation_id);
	messages =
	    sql_overseen_messages(batch, in->conversation_id, false, page.after_key, page.count);
	db_run(batch);
	show_overseen(rq, messages);
	reply_page(rq, &page, messages);
}

/* DELETE /v1/admin/messages/{message_id} */
void remove_message(struct request *rq, const struct remove_message_in *in)
{
	struct db *batch = db_batch(&rq->task);

	platform_audit_reason(batch, in->reason);
	sql_message_remove(batch, in->message_id);
	chat_announce(batch);
	reply_commit_empty(rq, batch);
}

/* GET /v1/admin/chat/held */
void list_held_messages(struct request *rq, const struct list_held_messages_in *in)
{
	struct page page = page_open(rq, in->cursor, in->limit, 0, PAGE_DESCENDING);

	struct rows *held = sql_held_page(db_of(&rq->task), HELD_STATUS_NAMES[in->status],
	                                  page.after_key, page.after_id, page.count);

	attachments_show(rq, held, "attachments");
	reply_page(rq, &page, held);
}

/* POST /v1/admin/chat/held/{held_id}/decide */
void decide_held_message(struct request *rq, const struct decide_held_message_in *in)
{
	struct db *batch = db_batch(&rq->task);

	sql_held_decide(batch, in->held_id, in->decision == HELD_DECISION_RELEASE);
	chat_announce(batch);
	reply_commit_empty(rq, batch);
}

/* GET /v1/admin/chat/settings */
void get_chat_settings(struct request *rq, const struct get_chat_settings_in *in)
{
	reply_row(rq, sql_chat_settings(db_of(&rq->task)));
}

/* PUT /v1/admin/chat/settings */
void put_chat_settings(struct request *rq, const struct put_chat_settings_in *in)
{
	reply_row(rq, sql_chat_settings_put(db_of(&rq->task), CONTACT_RULE_NAMES[in->phone],
	                                    CONTACT_RULE_NAMES[in->email],
	                                    CONTACT_RULE_NAMES[in->link], in->retention_days));
}
