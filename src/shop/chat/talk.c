#include "shop/chat/talk.h"

#include "base/clock.h"
#include "chat.sql.h"
#include "shop/feed/feed.h"
#include "web/page.h"
#include "web/reply.h"

bool talk_is_staff(const struct request *rq)
{
	return rq->task.actor.kind == ACTOR_STAFF;
}

struct uuid talk_speaker(const struct request *rq)
{
	const struct actor *actor = &rq->task.actor;

	return actor->kind == ACTOR_STAFF ? actor->vendor_id : actor->account_id;
}

/* NULL when there are none. */
static const char *attachments_json(struct arena *arena, const struct outgoing *message)
{
	struct buf buf = buf_new(arena, 256);
	struct json json = json_new(&buf);

	if (message->attachment_count == 0)
		return NULL;
	json_open_array(&json);
	for (size_t i = 0; i < message->attachment_count; i++) {
		const struct attachment_input_in *one = &message->attachments[i];
		json_open_object(&json);
		json_key(&json, "url");
		json_str(&json, one->url);
		json_key(&json, "width");
		one->width ? json_int(&json, *one->width) : json_nil(&json);
		json_key(&json, "height");
		one->height ? json_int(&json, *one->height) : json_nil(&json);
		json_key(&json, "alt");
		json_str(&json, one->alt ? one->alt : "");
		json_close_object(&json);
	}
	json_close_array(&json);
	return buf.data;
}

static void reply_message(struct request *rq, int status, const struct rows *rows)
{
	struct buf body = buf_new(rq->task.arena, 1024);
	struct json json = json_new(&body);

	rows_json_object(rows, 0, &json);
	reply_json(rq, status, &body);
}

void talk_send(struct request *rq, const struct outgoing *message)
{
	bool staff = talk_is_staff(rq);
	struct db *batch = db_batch(&rq->task);
	const char *text = message->text ? message->text : "";
	const char *attachments = attachments_json(rq->task.arena, message);
	struct rows *sent, *held;

	if (!text[0] && !attachments && !message->product_id && !message->sub_order_id)
		task_end_field(&rq->task, "/text", "required", "There is nothing in this message.");
	sql_message_send(batch, message->conversation_id, uuid_v7(), message->client_id, text,
	                 attachments, message->product_id, message->sub_order_id,
	                 message->reply_to);
	sent =
	    sql_messages(batch, message->conversation_id, NULL, message->client_id,
	                 staff ? "vendor" : "customer", staff ? &rq->task.actor.account_id : NULL,
	                 staff, MESSAGES_ORDER_NEWEST, NULL, NULL, TIME_INFINITY, 1);
	held = sql_held_of_mine(batch, message->conversation_id, message->client_id);
	chat_announce(batch);
	db_run(batch);
	presence_seen(talk_speaker(rq));
	if (rows_count(sent) == 0)
		reply_message(rq, 202, held);
	else
		reply_message(rq, 201, sent);
}

void talk_read(struct request *rq, const struct excerpt *excerpt)
{
	bool newest = excerpt->order == MESSAGE_ORDER_NEWEST;
	struct page page = page_open(rq, excerpt->cursor, excerpt->limit, newest ? 0 : 1,
	                             newest ? PAGE_DESCENDING : PAGE_ASCENDING);
	struct db *batch = db_batch(&rq->task);
	struct rows *rows;

	sql_conversation_parties(batch, excerpt->conversation_id);
	rows =
	    sql_messages(batch, excerpt->conversation_id, NULL, NULL, NULL, NULL, talk_is_staff(rq),
	                 newest ? MESSAGES_ORDER_NEWEST : MESSAGES_ORDER_OLDEST, excerpt->after_seq,
	                 excerpt->before_seq, page.after_key, page.count);
	db_run(batch);
	presence_seen(talk_speaker(rq));
	reply_page(rq, &page, rows);
}

void talk_edit(struct request *rq, struct uuid conversation, struct uuid message, const char *text)
{
	struct db *batch = db_batch(&rq->task);
	struct rows *edited;

	sql_message_edit(batch, conversation, message, text);
	edited = sql_messages(batch, conversation, &message, NULL, NULL, NULL, talk_is_staff(rq),
	                      MESSAGES_ORDER_NEWEST, NULL, NULL, TIME_INFINITY, 1);
	chat_announce(batch);
	db_run(batch);
	reply_message(rq, 200, edited);
}

void talk_delete(struct request *rq, struct uuid conversation, struct uuid message)
{
	struct db *batch = db_batch(&rq->task);

	sql_message_delete(batch, conversation, message);
	chat_announce(batch);
	reply_commit_empty(rq, batch);
}

void talk_react(struct request *rq, struct uuid conversation, struct uuid message,
                const char *emoji)
{
	struct db *batch = db_batch(&rq->task);

	sql_message_react(batch, conversation, message, emoji);
	chat_announce(batch);
	reply_commit_empty(rq, batch);
}

void talk_report(struct request *rq, struct uuid conversation, struct uuid message,
                 enum report_reason_choice reason, const char *comment)
{
	struct db *batch = db_batch(&rq->task);

	sql_message_is_theirs(batch, conversation, message);
	reply_commit_row(rq, batch, 201,
	                 sql_message_report(batch, uuid_v7(), conversation, message,
	                                    REPORT_REASON_NAMES[reason], comment));
}

void talk_mark_read(struct request *rq, struct uuid conversation, int32_t seq)
{
	struct db *batch = db_batch(&rq->task);

	sql_conversation_read(batch, conversation, seq);
	chat_announce(batch);
	presence_seen(talk_speaker(rq));
	reply_commit_empty(rq, batch);
}

static const char *typing_json(struct arena *arena, struct uuid conversation, bool staff)
{
	struct buf buf = buf_new(arena, 128);
	struct json json = json_new(&buf);

	json_open_object(&json);
	json_put_uuid(&json, "conversation_id", conversation);
	json_put_str(&json, "side", staff ? "vendor" : "customer");
	json_close_object(&json);
	return buf.data;
}

void talk_typing(struct request *rq, struct uuid conversation)
{
	struct db *db = db_of(&rq->task);
	struct rows *rows = sql_conversation_parties(db, conversation);
	const struct conversation_parties_row *parties =
	    sql_conversation_parties_rows(db, rows, &(size_t){0});
	bool staff = talk_is_staff(rq);

	if (!parties->blocked) {
		presence_typing(conversation, talk_speaker(rq));
		feed_pass(rq->task.arena, staff ? parties->account_id : parties->vendor_id,
		          PASSING_TYPING, typing_json(rq->task.arena, conversation, staff));
	}
	reply_empty(rq);
}

void talk_block(struct request *rq, struct uuid conversation, bool blocked)
{
	struct db *batch = db_batch(&rq->task);

	sql_conversation_parties(batch, conversation);
	if (blocked)
		sql_block_add(batch, conversation);
	else
		sql_block_remove(batch, conversation);
	chat_announce(batch);
	reply_commit_empty(rq, batch);
}

void talk_reply_conversation(struct request *rq, const struct rows *rows, const char *other_column)
{
	struct buf body = buf_new(rq->task.arena, 2048);
	struct json json = json_new(&body);
	struct uuid id, other;
	bool blocked;
	int minutes;

	if (rows_count(rows) == 0)
		task_end(&rq->task, PROBLEM_NOT_FOUND, "There is no such conversation.");
	id = rows_uuid(rows, 0, rows_column(rows, "id"));
	other = rows_uuid(rows, 0, rows_column(rows, other_column));
	blocked = rows_bool(rows, 0, rows_column(rows, "blocked"));
	minutes = blocked ? -1 : presence_minutes_ago(other);
	json_open_object(&json);
	rows_json_members(rows, 0, &json);
	json_key(&json, "active_minutes_ago");
	minutes < 0 ? json_nil(&json) : json_int(&json, minutes);
	json_key(&json, "typing");
	json_bool(&json, !blocked && presence_is_typing(id, other));
	json_close_object(&json);
	reply_json(rq, 200, &body);
}
