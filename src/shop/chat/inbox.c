/*
 * inbox: the staff side of a vendor's shared conversations.
 */
#include "chat.sql.h"
#include "inbox.sql.h"
#include "shop/chat/talk.h"
#include "web/page.h"
#include "web/reply.h"

/* GET /v1/vendors/{vendor_id}/conversations */
void list_vendor_conversations(struct request *rq, const struct list_vendor_conversations_in *in)
{
	struct page page = page_open(rq, in->cursor, in->limit, 0, PAGE_DESCENDING);
	const char *status = in->status != NULL ? CONVERSATION_STATUS_NAMES[*in->status] : NULL;

	reply_page(rq, &page,
	           sql_inbox_page(db_of(&rq->task), &(struct inbox_page_args){
	                                                .vendor = in->vendor_id,
	                                                .state = status,
	                                                .unread = in->unread,
	                                                .mine = in->mine,
	                                                .unassigned = in->unassigned,
	                                                .sub_order = in->sub_order,
	                                                .after_key = page.after_key,
	                                                .after_id = page.after_id,
	                                                .page_size = page.count,
	                                            }));
}

/* POST /v1/vendors/{vendor_id}/conversations */
void open_vendor_conversation(struct request *rq, const struct open_vendor_conversation_in *in)
{
	struct db *batch = db_batch(&rq->task);
	struct rows *opened =
	    sql_conversation_open(batch, in->vendor_id, NULL, uuid_v7(), NULL, &in->sub_order_id);

	chat_announce(batch);
	db_run(batch);
	talk_reply_conversation(rq, rows_uuid(opened, 0, rows_column(opened, "id")));
}

/* PUT /v1/vendors/{vendor_id}/conversations/{conversation_id}/assignee */
void assign_conversation(struct request *rq, const struct assign_conversation_in *in)
{
	struct db *batch = db_batch(&rq->task);

	sql_conversation_assign(batch, in->conversation_id, in->user_id);
	chat_announce(batch);
	reply_commit_row(rq, batch, 200, talk_conversation(rq, batch, in->conversation_id));
}

static void set_state(struct request *rq, struct uuid id, enum conversation_status_choice state)
{
	struct db *batch = db_batch(&rq->task);

	sql_conversation_set_state(batch, id, CONVERSATION_STATUS_NAMES[state]);
	chat_announce(batch);
	reply_commit_row(rq, batch, 200, talk_conversation(rq, batch, id));
}

/* POST /v1/vendors/{vendor_id}/conversations/{conversation_id}/close */
void close_conversation(struct request *rq, const struct close_conversation_in *in)
{
	set_state(rq, in->conversation_id, CONVERSATION_STATUS_CLOSED);
}

/* POST /v1/vendors/{vendor_id}/conversations/{conversation_id}/reopen */
void reopen_conversation(struct request *rq, const struct reopen_conversation_in *in)
{
	set_state(rq, in->conversation_id, CONVERSATION_STATUS_OPEN);
}

/* GET /v1/vendors/{vendor_id}/conversations/{conversation_id}/notes */
void list_notes(struct request *rq, const struct list_notes_in *in)
{
	struct page page = page_open(rq, in->cursor, in->limit, 0, PAGE_ASCENDING);
	struct db *batch = db_batch(&rq->task);
	struct rows *notes;

	sql_conversation_parties(batch, in->conversation_id);
	notes = sql_notes_page(batch, in->conversation_id, page.after_key, page.count);
	db_run(batch);
	reply_page(rq, &page, notes);
}

/* POST /v1/vendors/{vendor_id}/conversations/{conversation_id}/notes */
void create_note(struct request *rq, const struct create_note_in *in)
{
	struct db *batch = db_batch(&rq->task);

	sql_note_add(batch, in->conversation_id, in->text);
	chat_announce(batch);
	reply_commit_row(rq, batch, 201, sql_notes_last(batch, in->conversation_id));
}

/* GET /v1/vendors/{vendor_id}/unread */
void get_vendor_unread(struct request *rq, const struct get_vendor_unread_in *in)
{
	reply_row(rq, sql_inbox_unread(db_of(&rq->task), in->vendor_id));
}

/* GET /v1/vendors/{vendor_id}/canned-replies */
void list_canned_replies(struct request *rq, const struct list_canned_replies_in *in)
{
	struct page page = page_open(rq, in->cursor, in->limit, 0, PAGE_ASCENDING);

	reply_page(rq, &page,
	           sql_canned_replies(db_of(&rq->task), in->vendor_id, page.after_key,
	                              page.after_id, page.count));
}

/* POST /v1/vendors/{vendor_id}/canned-replies */
void create_canned_reply(struct request *rq, const struct create_canned_reply_in *in)
{
	struct db *tx = db_begin(&rq->task);

	reply_commit_row(
	    rq, tx, 201,
	    sql_canned_reply_insert(tx, in->vendor_id, uuid_v7(), in->title, in->text));
}

/* PATCH /v1/vendors/{vendor_id}/canned-replies/{reply_id} */
void update_canned_reply(struct request *rq, const struct update_canned_reply_in *in)
{
	reply_row(rq, sql_canned_reply_update(db_of(&rq->task), in->vendor_id, in->reply_id,
	                                      in->title, in->text));
}

/* DELETE /v1/vendors/{vendor_id}/canned-replies/{reply_id} */
void delete_canned_reply(struct request *rq, const struct delete_canned_reply_in *in)
{
	sql_canned_reply_delete(db_of(&rq->task), in->vendor_id, in->reply_id);
	reply_empty(rq);
}
