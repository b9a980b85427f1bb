/*
 * messages: writing and reading them, from either side. What they share is talk.c.
 */
#include "base/clock.h"
#include "chat.sql.h"
#include "shop/chat/talk.h"
#include "web/page.h"
#include "web/reply.h"

/* GET /v1/conversations/{conversation_id}/messages */
void list_messages(struct request *rq, const struct list_messages_in *in)
{
	talk_read(rq, &(struct excerpt){in->conversation_id, in->order, in->after_seq,
	                                in->before_seq, in->cursor, in->limit});
}

/* GET /v1/vendors/{vendor_id}/conversations/{conversation_id}/messages */
void list_vendor_messages(struct request *rq, const struct list_vendor_messages_in *in)
{
	talk_read(rq, &(struct excerpt){in->conversation_id, in->order, in->after_seq,
	                                in->before_seq, in->cursor, in->limit});
}

/* POST /v1/conversations/{conversation_id}/messages */
void send_message(struct request *rq, const struct send_message_in *in)
{
	talk_send(rq, &(struct outgoing){in->conversation_id, in->client_id, in->text,
	                                 in->attachments_count, in->attachments, in->product_id,
	                                 in->sub_order_id, in->reply_to});
}

/* POST /v1/vendors/{vendor_id}/conversations/{conversation_id}/messages */
void send_vendor_message(struct request *rq, const struct send_vendor_message_in *in)
{
	talk_send(rq, &(struct outgoing){in->conversation_id, in->client_id, in->text,
	                                 in->attachments_count, in->attachments, in->product_id,
	                                 in->sub_order_id, in->reply_to});
}

/* PATCH /v1/conversations/{conversation_id}/messages/{message_id} */
void edit_message(struct request *rq, const struct edit_message_in *in)
{
	talk_edit(rq, in->conversation_id, in->message_id, in->text);
}

/* PATCH /v1/vendors/{vendor_id}/conversations/{conversation_id}/messages/{message_id} */
void edit_vendor_message(struct request *rq, const struct edit_vendor_message_in *in)
{
	talk_edit(rq, in->conversation_id, in->message_id, in->text);
}

/* DELETE /v1/conversations/{conversation_id}/messages/{message_id} */
void delete_message(struct request *rq, const struct delete_message_in *in)
{
	talk_delete(rq, in->conversation_id, in->message_id);
}

/* DELETE /v1/vendors/{vendor_id}/conversations/{conversation_id}/messages/{message_id} */
void delete_vendor_message(struct request *rq, const struct delete_vendor_message_in *in)
{
	talk_delete(rq, in->conversation_id, in->message_id);
}

/* PUT /v1/conversations/{conversation_id}/messages/{message_id}/reaction */
void put_reaction(struct request *rq, const struct put_reaction_in *in)
{
	talk_react(rq, in->conversation_id, in->message_id, in->emoji);
}

/* PUT /v1/vendors/{vendor_id}/conversations/{conversation_id}/messages/{message_id}/reaction */
void put_vendor_reaction(struct request *rq, const struct put_vendor_reaction_in *in)
{
	talk_react(rq, in->conversation_id, in->message_id, in->emoji);
}

/* DELETE /v1/conversations/{conversation_id}/messages/{message_id}/reaction */
void delete_reaction(struct request *rq, const struct delete_reaction_in *in)
{
	talk_react(rq, in->conversation_id, in->message_id, NULL);
}

/* DELETE /v1/vendors/{vendor_id}/conversations/{conversation_id}/messages/{message_id}/reaction */
void delete_vendor_reaction(struct request *rq, const struct delete_vendor_reaction_in *in)
{
	talk_react(rq, in->conversation_id, in->message_id, NULL);
}

/* POST /v1/conversations/{conversation_id}/messages/{message_id}/report */
void report_message(struct request *rq, const struct report_message_in *in)
{
	talk_report(rq, in->conversation_id, in->message_id, in->reason, in->comment);
}

/* POST /v1/vendors/{vendor_id}/conversations/{conversation_id}/messages/{message_id}/report */
void report_vendor_message(struct request *rq, const struct report_vendor_message_in *in)
{
	talk_report(rq, in->conversation_id, in->message_id, in->reason, in->comment);
}

static void search(struct request *rq, const char *q, const char *cursor, int32_t limit)
{
	const struct actor *actor = &rq->task.actor;
	struct page page = page_open(rq, cursor, limit, 0, PAGE_DESCENDING);
	bool staff = talk_is_staff(rq);

	reply_page(rq, &page,
	           sql_messages_found(db_of(&rq->task), staff ? NULL : &actor->account_id,
	                              staff ? &actor->vendor_id : NULL, q, page.after_key,
	                              page.after_id, page.count));
}

/* GET /v1/messages */
void search_messages(struct request *rq, const struct search_messages_in *in)
{
	search(rq, in->q, in->cursor, in->limit);
}

/* GET /v1/vendors/{vendor_id}/messages */
void search_vendor_messages(struct request *rq, const struct search_vendor_messages_in *in)
{
	search(rq, in->q, in->cursor, in->limit);
}
