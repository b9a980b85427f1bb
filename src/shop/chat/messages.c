/*
 * messages: reading, deleting, reporting and searching messages, and reactions, for both sides.
 */
#include "base/clock.h"
#include "chat.sql.h"
#include "shop/chat/attachments.h"
#include "shop/chat/contact.h"
#include "shop/chat/talk.h"
#include "web/page.h"
#include "web/reply.h"

/* GET /v1[/vendors/{vendor_id}]/conversations/{conversation_id}/messages */
void list_messages(struct request *rq, const struct list_messages_in *in)
{
	bool newest = in->order == MESSAGE_ORDER_NEWEST;
	struct page page = page_open(rq, in->cursor, in->limit, newest ? 0 : 1,
	                             newest ? PAGE_DESCENDING : PAGE_ASCENDING);
	struct db *batch = db_batch(&rq->task);
	struct rows *rows;

	sql_conversation_parties(batch, in->conversation_id);
	rows =
	    sql_messages(batch, &(struct messages_args){
	                            .conversation = in->conversation_id,
	                            .staff = talk_is_staff(rq),
	                            .order = newest ? MESSAGES_ORDER_NEWEST : MESSAGES_ORDER_OLDEST,
	                            .after_seq = in->after_seq,
	                            .before_seq = in->before_seq,
	                            .after_key = page.after_key,
	                            .page_size = page.count,
	                        });
	db_run(batch);
	presence_seen(talk_speaker(rq));
	attachments_show(rq, rows, "attachments");
	reply_page(rq, &page, rows);
}

struct rows *talk_message(struct request *rq, struct db *db, struct uuid conversation,
                          struct uuid id)
{
	return sql_messages(db, &(struct messages_args){
	                            .conversation = conversation,
	                            .id = &id,
	                            .staff = talk_is_staff(rq),
	                            .order = MESSAGES_ORDER_NEWEST,
	                            .after_key = TIME_INFINITY,
	                            .page_size = 1,
	                        });
}

/* GET /v1[/vendors/{vendor_id}]/conversations/{conversation_id}/messages/{message_id} */
void get_message(struct request *rq, const struct get_message_in *in)
{
	struct rows *rows = talk_message(rq, db_of(&rq->task), in->conversation_id, in->message_id);

	if (rows_count(rows) == 0)
		task_end(&rq->task, PROBLEM_NOT_FOUND, "Message not found.");
	attachments_show(rq, rows, "attachments");
	reply_row(rq, rows);
}

/* DELETE /v1[/vendors/{vendor_id}]/conversations/{conversation_id}/messages/{message_id} */
void delete_message(struct request *rq, const struct delete_message_in *in)
{
	struct db *batch = db_batch(&rq->task);

	sql_message_delete(batch, in->conversation_id, in->message_id);
	chat_announce(batch);
	reply_commit_empty(rq, batch);
}

/* emoji NULL removes the reaction. */
static void react(struct request *rq, struct uuid conversation, struct uuid message,
                  const char *emoji)
{
	struct db *batch = db_batch(&rq->task);

	sql_message_react(batch, conversation, message, emoji);
	chat_announce(batch);
	reply_commit_empty(rq, batch);
}

/* PUT /v1[/vendors/{vendor_id}]/conversations/{conversation_id}/messages/{message_id}/reaction */
void put_reaction(struct request *rq, const struct put_reaction_in *in)
{
	if (!contact_is_reaction(rq->task.arena, in->emoji))
		task_end_field(&rq->task, "/emoji", "emoji",
		               "A reaction must not have letters or digits.");
	react(rq, in->conversation_id, in->message_id, in->emoji);
}

/* DELETE /v1[/vendors/{vendor_id}]/conversations/{conversation_id}/messages/{message_id}/reaction
 */
void delete_reaction(struct request *rq, const struct delete_reaction_in *in)
{
	react(rq, in->conversation_id, in->message_id, NULL);
}

/* POST /v1[/vendors/{vendor_id}]/conversations/{conversation_id}/messages/{message_id}/report */
void report_message(struct request *rq, const struct report_message_in *in)
{
	struct db *batch = db_batch(&rq->task);

	sql_message_is_theirs(batch, in->conversation_id, in->message_id);
	reply_commit_row(rq, batch, 201,
	                 sql_message_report(batch, uuid_v7(), in->conversation_id, in->message_id,
	                                    REPORT_REASON_NAMES[in->reason], in->comment));
}

/* GET /v1[/vendors/{vendor_id}]/messages */
void search_messages(struct request *rq, const struct search_messages_in *in)
{
	struct page page = page_open(rq, in->cursor, in->limit, 0, PAGE_DESCENDING);
	const struct uuid *account = in->vendor_id != NULL ? NULL : &rq->task.actor.account_id;

	reply_page(rq, &page,
	           sql_messages_found(db_of(&rq->task), &(struct messages_found_args){
	                                                    .account = account,
	                                                    .vendor = in->vendor_id,
	                                                    .q = in->q,
	                                                    .after_key = page.after_key,
	                                                    .after_id = page.after_id,
	                                                    .page_size = page.count,
	                                                }));
}
