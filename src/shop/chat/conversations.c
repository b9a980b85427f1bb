/*
 * conversations: as the customer has them.
 */
#include <string.h>

#include "base/clock.h"
#include "chat.sql.h"
#include "shop/chat/talk.h"
#include "web/page.h"
#include "web/reply.h"

static void reply_conversation(struct request *rq, struct uuid id)
{
	struct uuid last;

	memset(last.bytes, 0xff, sizeof last.bytes);
	talk_reply_conversation(rq,
	                        sql_conversations_page(db_of(&rq->task), &id,
	                                               rq->task.actor.account_id, NULL, false,
	                                               TIME_INFINITY, last, 1),
	                        "_vendor");
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
	reply_conversation(rq, rows_uuid(opened, 0, rows_column(opened, "id")));
}

/* GET /v1/conversations */
void list_conversations(struct request *rq, const struct list_conversations_in *in)
{
	struct page page = page_open(rq, in->cursor, in->limit, 0, PAGE_DESCENDING);
	const char *status = in->status ? CONVERSATION_STATUS_NAMES[*in->status] : NULL;

	reply_page(rq, &page,
	           sql_conversations_page(db_of(&rq->task), NULL, rq->task.actor.account_id, status,
	                                  in->unread, page.after_key, page.after_id, page.count));
}

/* GET /v1/conversations/{conversation_id} */
void get_conversation(struct request *rq, const struct get_conversation_in *in)
{
	reply_conversation(rq, in->conversation_id);
}

/* PUT /v1/conversations/{conversation_id}/read */
void mark_read(struct request *rq, const struct mark_read_in *in)
{
	talk_mark_read(rq, in->conversation_id, in->seq);
}

/* PUT /v1/conversations/{conversation_id}/typing */
void set_typing(struct request *rq, const struct set_typing_in *in)
{
	talk_typing(rq, in->conversation_id);
}

/* PUT /v1/conversations/{conversation_id}/block */
void block_vendor(struct request *rq, const struct block_vendor_in *in)
{
	talk_block(rq, in->conversation_id, true);
}

/* DELETE /v1/conversations/{conversation_id}/block */
void unblock_vendor(struct request *rq, const struct unblock_vendor_in *in)
{
	talk_block(rq, in->conversation_id, false);
}

/* GET /v1/unread */
void get_unread(struct request *rq, const struct get_unread_in *in)
{
	reply_row(rq, sql_unread_total(db_of(&rq->task), rq->task.actor.account_id));
}
