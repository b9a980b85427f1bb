/*
 * follows: the vendors that customers follow. Staff see how many follow, and never who.
 */
#include <assert.h>

#include "api.gen.h"
#include "base/limits.h"
#include "follows.sql.h"
#include "web/page.h"
#include "web/reply.h"

/* PUT /v1/vendors/{vendor_id}/follow */
void follow_vendor(struct request *rq, const struct follow_vendor_in *in)
{
	assert(rq->task.actor.kind == ACTOR_CUSTOMER);
	sql_follow_add(db_of(&rq->task), rq->task.actor.account_id, in->vendor_id);
	reply_empty(rq);
}

/* DELETE /v1/vendors/{vendor_id}/follow */
void unfollow_vendor(struct request *rq, const struct unfollow_vendor_in *in)
{
	sql_follow_remove(db_of(&rq->task), rq->task.actor.account_id, in->vendor_id);
	reply_empty(rq);
}

/* GET /v1/me/follows */
void list_follows(struct request *rq, const struct list_follows_in *in)
{
	struct page page = page_open(rq, in->cursor, in->limit, 0, PAGE_DESCENDING);

	reply_page(rq, &page,
	           sql_follows_page(db_of(&rq->task), rq->task.actor.account_id, in->vendor_id,
	                            page.after_key, page.after_id, page.count));
}

/* GET /v1/vendors/{vendor_id}/followers/count */
void count_followers(struct request *rq, const struct count_followers_in *in)
{
	reply_row(rq,
	          sql_followers_count(db_of(&rq->task), in->vendor_id, LIMIT_FOLLOWERS_COUNTED));
}
