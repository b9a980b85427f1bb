/*
 * conversations: the customer's conversations, and the operations that both sides share.
 */
#include <assert.h>
#include <string.h>

#include "base/clock.h"
#include "chat.sql.h"
#include "inbox.sql.h"
#include "shop/chat/talk.h"
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

	assert(actor->kind == ACTOR_STAFF || actor->kind == ACTOR_CUSTOMER);
	assert(!uuid_is_nil(actor->account_id)); /* a person speaks */
	return talk_is_staff(rq) ? actor->vendor_id : actor->account_id;
}

struct rows *talk_conversation(struct request *rq, struct db *db, struct uuid id)
{
	struct uuid last;

	memset(last.bytes, 0xff, sizeof(last.bytes));
	if (talk_is_staff(rq))
		return sql_inbox_page(db, &(struct inbox_page_args){
		                              .id = &id,
		                              .vendor = talk_speaker(rq),
		                              .after_key = TIME_INFINITY,
		                              .after_id = last,
		                              .page_size = 1,
		                          });
	return sql_conversations_page(db, &(struct conversations_page_args){
	                                      .id = &id,
	                                      .account = talk_speaker(rq),
	                                      .after_key = TIME_INFINITY,
	                                      .after_id = last,
	                                      .page_size = 1,
	                                  });
}

void talk_reply_conversation(struct request *rq, struct uuid id)
{
	const struct rows *rows = talk_conversation(rq, db_of(&rq->task), id);
	struct buf body = buf_new(rq->task.arena, 2048);
	struct json json = json_new(&body);
	struct uuid other;
	bool blocked;
	int minutes;

	assert(rows_count(rows) <= 1);
	if (rows_count(rows) == 0)
		task_end(&rq->task, PROBLEM_NOT_FOUND, "Conversation not found.");
	other = rows_uuid(rows, 0, rows_column(rows, "_other"));
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

/* POST /v1/conversations */
void open_conversation(struct request *rq, const struct open_conversation_in *in)
{
	struct db *batch = db_batch(&rq->task);
	struct rows *opened =
	    sql_conversation_open(batch, in->vendor_id, &rq->task.actor.account_id, uuid_v7(),
	                          in->product_id, in->sub_order_id);

	chat_announce(batch);
	db_run(batch);
	talk_reply_conversation(rq, rows_uuid(opened, 0, rows_column(opened, "id")));
}

/* GET /v1/conversations */
void list_conversations(struct request *rq, const struct list_conversations_in *in)
{
	struct page page = page_open(rq, in->cursor, in->limit, 0, PAGE_DESCENDING);
	const char *status = in->status != NULL ? CONVERSATION_STATUS_NAMES[*in->status] : NULL;

	reply_page(
	    rq, &page,
	    sql_conversations_page(db_of(&rq->task), &(struct conversations_page_args){
	                                                 .account = rq->task.actor.account_id,
	                                                 .state = status,
	                                                 .unread = in->unread,
	                                                 .after_key = page.after_key,
	                                                 .after_id = page.after_id,
	                                                 .page_size = page.count,
	                                             }));
}

/* GET /v1/unread */
void get_unread(struct request *rq, const struct get_unread_in *in)
{
	reply_row(rq, sql_unread_total(db_of(&rq->task), rq->task.actor.account_id));
}

/* GET /v1[/vendors/{vendor_id}]/conversations/{conversation_id} */
void get_conversation(struct request *rq, const struct get_conversation_in *in)
{
	talk_reply_conversation(rq, in->conversation_id);
}

/* PUT /v1[/vendors/{vendor_id}]/conversations/{conversation_id}/read */
void mark_read(struct request *rq, const struct mark_read_in *in)
{
	struct db *batch = db_batch(&rq->task);

	sql_conversation_read(batch, in->conversation_id, in->seq);
	chat_announce(batch);
	presence_seen(talk_speaker(rq));
	reply_commit_empty(rq, batch);
}

/* PUT /v1[/vendors/{vendor_id}]/conversations/{conversation_id}/typing */
void set_typing(struct request *rq, const struct set_typing_in *in)
{
	struct uuid conversation = in->conversation_id;
	struct db *db = db_of(&rq->task);
	struct rows *rows = sql_conversation_parties(db, conversation);
	const struct conversation_parties_row *parties =
	    sql_conversation_parties_rows(db, rows, &(size_t){0});
	bool staff = talk_is_staff(rq);

	if (!parties->blocked) {
		presence_typing(conversation, talk_speaker(rq));
		feed_pass_typing(rq->task.arena, staff ? parties->account_id : parties->vendor_id,
		                 &(struct passing_typing){
		                     .conversation_id = conversation,
		                     .side = staff ? SIDE_VENDOR : SIDE_CUSTOMER,
		                 });
	}
	reply_empty(rq);
}

/* PUT /v1[/vendors/{vendor_id}]/conversations/{conversation_id}/block */
void block_other_side(struct request *rq, const struct block_other_side_in *in)
{
	struct db *batch = db_batch(&rq->task);

	sql_conversation_parties(batch, in->conversation_id);
	sql_block_add(batch, in->conversation_id);
	chat_announce(batch);
	reply_commit_empty(rq, batch);
}

/* DELETE /v1[/vendors/{vendor_id}]/conversations/{conversation_id}/block */
void unblock_other_side(struct request *rq, const struct unblock_other_side_in *in)
{
	struct db *batch = db_batch(&rq->task);

	sql_conversation_parties(batch, in->conversation_id);
	sql_block_remove(batch, in->conversation_id);
	chat_announce(batch);
	reply_commit_empty(rq, batch);
}

/* PUT /v1[/vendors/{vendor_id}]/conversations/{conversation_id}/mute */
void mute_conversation(struct request *rq, const struct mute_conversation_in *in)
{
	if (in->until != NULL && *in->until <= clock_now_us())
		task_end_field(&rq->task, "/until", "past", "must be a time to come");
	sql_conversation_mute(db_of(&rq->task), in->conversation_id, in->until);
	reply_empty(rq);
}

/* DELETE /v1[/vendors/{vendor_id}]/conversations/{conversation_id}/mute */
void unmute_conversation(struct request *rq, const struct unmute_conversation_in *in)
{
	struct db *batch = db_batch(&rq->task);

	sql_conversation_parties(batch, in->conversation_id);
	sql_conversation_unmute(batch, in->conversation_id);
	reply_commit_empty(rq, batch);
}
