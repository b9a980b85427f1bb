/*
 * campaigns: drafting them, and seeing what became of them. A handler without a vendor_id is for
 * admins.
 */
#include "shop/campaigns/campaigns.h"

#include "api.gen.h"
#include "base/limits.h"
#include "campaigns.sql.h"
#include "shop/campaigns/draft.h"
#include "shop/campaigns/moves.h"
#include "web/page.h"
#include "web/reply.h"

/* GET /v1/vendors/{vendor_id}/campaigns, /v1/admin/campaigns */
void list_campaigns(struct request *rq, const struct list_campaigns_in *in)
{
	struct page page = page_open(rq, in->cursor, in->limit, 0, PAGE_DESCENDING);
	const char *status = in->status != NULL ? CAMPAIGN_STATUS_NAMES[*in->status] : NULL;

	reply_page(rq, &page,
	           sql_campaigns_page(db_of(&rq->task), in->vendor_id != NULL, in->vendor_id,
	                              status, page.after_id, page.count));
}

/* GET …/campaigns/{campaign_id} */
void get_campaign(struct request *rq, const struct get_campaign_in *in)
{
	reply_row(rq, sql_campaign_get(db_of(&rq->task), in->vendor_id != NULL, in->vendor_id,
	                               in->campaign_id));
}

/* Ends the task when an id of the draft is of nothing that the caller sees. */
static void check_ids(struct request *rq, struct db *tx, const struct draft *draft)
{
	const struct campaign_known_row *known = sql_campaign_known_rows(
	    tx,
	    sql_campaign_known(tx, draft->row.link_to, draft->row.link_id, draft->row.follows,
	                       draft->row.bought_from, draft->row.category),
	    NULL);

	if (!known->link)
		task_end_field(&rq->task, "/link/target_id", "unknown", "must be the id of a %s",
		               draft->row.link_to);
	if (!known->follows)
		task_end_field(&rq->task, "/segment/follows_vendor_id", "unknown",
		               "must be the id of a vendor");
	if (!known->bought_from)
		task_end_field(&rq->task, "/segment/bought_from_vendor_id", "unknown",
		               "must be the id of a vendor");
	if (!known->category)
		task_end_field(&rq->task, "/segment/bought_in_category_id", "unknown",
		               "must be the id of a category");
}

static void count_open(struct request *rq, struct db *tx, const struct uuid *vendor_id)
{
	if (vendor_id != NULL)
		sql_campaigns_lock(tx, *vendor_id);
	else
		sql_campaigns_lock_marketplace(tx);
	if (sql_campaigns_open_rows(tx, sql_campaigns_open(tx, vendor_id), NULL)->count >=
	    LIMIT_OPEN_CAMPAIGNS)
		task_end(&rq->task, PROBLEM_CONFLICT,
		         "There are at most %d campaigns that are not over.", LIMIT_OPEN_CAMPAIGNS);
}

/* Of either body: they have the same members. */
#define DRAFT_INPUT(in)                                                                            \
	(&(struct draft_input){                                                                    \
	    .vendor_id = (in)->vendor_id,                                                          \
	    .name = (in)->name,                                                                    \
	    .segment = (in)->segment,                                                              \
	    .texts = {(in)->texts_count, (in)->texts},                                             \
	    .texts_b = {(in)->texts_b_count, (in)->texts_b},                                       \
	    .share_b = (in)->share_b,                                                              \
	    .link = (in)->link,                                                                    \
	    .per_minute = (in)->per_minute,                                                        \
	})

/* POST /v1/vendors/{vendor_id}/campaigns, /v1/admin/campaigns. The first statement finds out
 * whether the caller is of that vendor, before anything is said of the body. */
void create_campaign(struct request *rq, const struct create_campaign_in *in)
{
	struct uuid id = uuid_v7();
	struct db *tx = db_begin(&rq->task);

	count_open(rq, tx, in->vendor_id);
	struct draft draft = draft_of(rq, id, DRAFT_INPUT(in));

	check_ids(rq, tx, &draft);
	sql_campaign_insert(tx, 1, &draft.row, draft.languages);
	reply_commit_row(rq, tx, 201,
	                 sql_campaign_get(tx, in->vendor_id != NULL, in->vendor_id, id));
}

/* PUT …/campaigns/{campaign_id} */
void put_campaign(struct request *rq, const struct put_campaign_in *in)
{
	struct db *tx = db_begin(&rq->task);

	request_expect(
	    rq, campaign_lock_for(tx, in->vendor_id, in->campaign_id, CAMPAIGN_STATUS_DRAFT));
	struct draft draft = draft_of(rq, in->campaign_id, DRAFT_INPUT(in));

	check_ids(rq, tx, &draft);
	sql_campaign_put(tx, 1, &draft.row, draft.languages);
	reply_commit_row(
	    rq, tx, 200,
	    sql_campaign_get(tx, in->vendor_id != NULL, in->vendor_id, in->campaign_id));
}

/* DELETE …/campaigns/{campaign_id}: what may be changed may be removed. */
void delete_campaign(struct request *rq, const struct delete_campaign_in *in)
{
	struct db *tx = db_begin(&rq->task);

	campaign_lock_for(tx, in->vendor_id, in->campaign_id, CAMPAIGN_STATUS_DRAFT);
	sql_campaign_remove(tx, in->campaign_id);
	reply_commit_empty(rq, tx);
}
