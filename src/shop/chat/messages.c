/*
 * messages: writing and reading them, from either side.
 */
#include "base/clock.h"
#include "chat.sql.h"
#include "shop/chat/talk.h"
#include "web/page.h"
#include "web/reply.h"

/* NULL when there are none. */
static const char *attachments_json(struct arena *arena, const struct send_message_in *in)
{
	struct buf buf = buf_new(arena, 256);
	struct json json = json_new(&buf);

	if (in->attachments_count == 0)
		return NULL;
	json_open_array(&json);
	for (size_t i = 0; i < in->attachments_count; i++) {
		const struct attachment_input_in *one = &in->attachments[i];
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
	reply_page(rq, &page, rows);
}

/* POST /v1[/vendors/{vendor_id}]/conversations/{conversation_id}/messages */
void send_message(struct request *rq, const struct send_message_in *in)
{
	bool staff = talk_is_staff(rq);
	struct db *batch = db_batch(&rq->task);
	const char *text = in->text ? in->text : "";
	const char *attachments = attachments_json(rq->task.arena, in);
	struct rows *sent, *held;

	if (!text[0] && !attachments && !in->product_id && !in->sub_order_id)
		task_end_field(&rq->task, "/text", "required", "The message is empty.");
	sql_message_send(batch, &(struct message_send_args){
	                            .conversation = in->conversation_id,
	                            .id = uuid_v7(),
	                            .client_id = in->client_id,
	                            .text = text,
	                            .attachments = attachments,
	                            .product = in->product_id,
	                            .sub_order = in->sub_order_id,
	                            .reply_to = in->reply_to,
	                        });
	sent = sql_messages(batch, &(struct messages_args){
	                               .conversation = in->conversation_id,
	                               .client_id = in->client_id,
	                               .author = staff ? "vendor" : "customer",
	                               .by = staff ? &rq->task.actor.account_id : NULL,
	                               .staff = staff,
	                               .order = MESSAGES_ORDER_NEWEST,
	                               .after_key = TIME_INFINITY,
	                               .page_size = 1,
	                           });
	held = sql_held_of_mine(batch, in->conversation_id, in->client_id);
	chat_announce(batch);
	db_run(batch);
	presence_seen(talk_speaker(rq));
	if (rows_count(sent) == 0)
		reply_message(rq, 202, held);
	else
		reply_message(rq, 201, sent);
}

/* PATCH /v1[/vendors/{vendor_id}]/conversations/{conversation_id}/messages/{message_id} */
void edit_message(struct request *rq, const struct edit_message_in *in)
{
	struct db *batch = db_batch(&rq->task);
	struct rows *edited;

	sql_message_edit(batch, in->conversation_id, in->message_id, in->text);
	edited = sql_messages(batch, &(struct messages_args){
	                                 .conversation = in->conversation_id,
	                                 .id = &in->message_id,
	                                 .staff = talk_is_staff(rq),
	                                 .order = MESSAGES_ORDER_NEWEST,
	                                 .after_key = TIME_INFINITY,
	                                 .page_size = 1,
	                             });
	chat_announce(batch);
	db_run(batch);
	reply_message(rq, 200, edited);
}

/* DELETE /v1[/vendors/{vendor_id}]/conversations/{conversation_id}/messages/{message_id} */
void delete_message(struct request *rq, const struct delete_message_in *in)
{
	struct db *batch = db_batch(&rq->task);

	sql_message_delete(batch, in->conversation_id, in->message_id);
	chat_announce(batch);
	reply_commit_empty(rq, batch);
}

/* emoji NULL takes it back. */
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
	const struct uuid *account = in->vendor_id ? NULL : &rq->task.actor.account_id;

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
