#include "shop/campaigns/moves.h"

#include <assert.h>
#include <string.h>

#include "base/clock.h"
#include "base/limits.h"
#include "campaigns.sql.h"
#include "shop/feed/feed.h"
#include "shop/platform/platform.h"
#include "web/reply.h"

/* Between the first clocks that show a local time and those of UTC. */
static const int64_t FIRST_ZONE_US = INT64_C(14) * 60 * 60 * 1000 * 1000;

int32_t campaign_lock_for(struct db *tx, const struct uuid *vendor_id, struct uuid id,
                          enum campaign_status_choice to)
{
	struct task *task = db_task(tx);
	const struct campaign_lock_row *found = sql_campaign_lock_rows(
	    tx, sql_campaign_lock(tx, vendor_id != NULL, vendor_id, id, CAMPAIGN_STATUS_NAMES[to]),
	    NULL);

	assert(found->version > 0);
	if (!found->is_allowed)
		task_end_with(
		    task,
		    (struct problem){
		        .code = PROBLEM_TRANSITION,
		        .detail = arena_printf(task->arena, "The campaign is %s.", found->state),
		        .extra =
		            arena_printf(task->arena, "\"allowed_transitions\":%s", found->allowed),
		    });
	return found->version;
}

static void tell(struct db *tx, struct uuid id, const struct campaign_move_row *moved,
                 enum campaign_decision_choice decision, const char *reason)
{
	assert(moved->vendor != NULL); /* campaign_moves() */
	feed_write_campaign_decided(
	    tx, *moved->vendor,
	    &(struct event_campaign_decided){
	        .campaign_id = id, .name = moved->name, .decision = decision, .reason = reason});
}

static void move(struct request *rq, const struct uuid *vendor_id, struct uuid id,
                 enum campaign_status_choice to, const char *reason)
{
	struct db *tx = db_begin(&rq->task);

	campaign_lock_for(tx, vendor_id, id, to);
	platform_audit_reason(tx, reason);
	const struct campaign_move_row *moved = sql_campaign_move_rows(
	    tx, sql_campaign_move(tx, id, CAMPAIGN_STATUS_NAMES[to], reason), NULL);

	if (to == CAMPAIGN_STATUS_APPROVED)
		tell(tx, id, moved, CAMPAIGN_DECISION_APPROVED, reason);
	else if (to == CAMPAIGN_STATUS_REFUSED)
		tell(tx, id, moved, CAMPAIGN_DECISION_REFUSED, reason);
	reply_commit_row(rq, tx, 200, sql_campaign_get(tx, vendor_id != NULL, vendor_id, id));
}

/* POST /v1/vendors/{vendor_id}/campaigns/{campaign_id}/submit */
void submit_campaign(struct request *rq, const struct submit_campaign_in *in)
{
	move(rq, &in->vendor_id, in->campaign_id, CAMPAIGN_STATUS_SUBMITTED, NULL);
}

/* POST /v1/admin/campaigns/{campaign_id}/approve */
void approve_campaign(struct request *rq, const struct approve_campaign_in *in)
{
	move(rq, NULL, in->campaign_id, CAMPAIGN_STATUS_APPROVED, in->reason);
}

/* POST /v1/admin/campaigns/{campaign_id}/refuse */
void refuse_campaign(struct request *rq, const struct refuse_campaign_in *in)
{
	move(rq, NULL, in->campaign_id, CAMPAIGN_STATUS_REFUSED, in->reason);
}

/* POST …/campaigns/{campaign_id}/stop. A step of the job locks the row, so none is under way after
 * the commit. */
void stop_campaign(struct request *rq, const struct stop_campaign_in *in)
{
	move(rq, in->vendor_id, in->campaign_id, CAMPAIGN_STATUS_STOPPED, in->reason);
}

/* "2026-12-24T18:00" as if it were of UTC; NULL when it is not given. */
static const int64_t *local_time(struct request *rq, const char *text)
{
	int64_t *ret;

	if (text == NULL)
		return NULL;
	ret = arena_alloc(rq->task.arena, sizeof(*ret));
	if (strlen(text) != strlen("2026-12-24T18:00") ||
	    !time_parse(arena_printf(rq->task.arena, "%s:00Z", text), ret))
		task_end_field(&rq->task, "/local_at", "format",
		               "must be a local time such as 2026-12-24T18:00");
	if (*ret - FIRST_ZONE_US < clock_now_us())
		task_end_field(&rq->task, "/local_at", "minimum",
		               "must be 14 hours ahead of UTC, so that it has passed nowhere");
	return ret;
}

/* POST …/campaigns/{campaign_id}/schedule */
void schedule_campaign(struct request *rq, const struct schedule_campaign_in *in)
{
	const int64_t *local_at = local_time(rq, in->local_at);
	struct db *tx;

	if (local_at != NULL && in->send_at != NULL)
		task_end_field(&rq->task, "/local_at", "excludes", "excludes send_at");
	tx = db_begin(&rq->task);
	campaign_lock_for(tx, in->vendor_id, in->campaign_id, CAMPAIGN_STATUS_SCHEDULED);
	sql_campaign_schedule(tx, in->campaign_id, in->send_at, local_at);
	reply_commit_row(
	    rq, tx, 200,
	    sql_campaign_get(tx, in->vendor_id != NULL, in->vendor_id, in->campaign_id));
}

/* POST …/campaigns/{campaign_id}/preview. What the caller may see is asked first: the count needs
 * the jobs role. */
void preview_campaign(struct request *rq, const struct preview_campaign_in *in)
{
	sql_campaign_get(db_of(&rq->task), in->vendor_id != NULL, in->vendor_id, in->campaign_id);
	reply_row(rq, sql_campaign_preview(db_as(&rq->task, PG_JOBS), in->campaign_id,
	                                   LIMIT_CAMPAIGN_PREVIEWED));
}

/* POST …/campaigns/{campaign_id}/test */
void test_campaign(struct request *rq, const struct test_campaign_in *in)
{
	const struct rows *wanted =
	    sql_promotions_wanted(db_as(&rq->task, PG_JOBS), rq->task.actor.account_id);
	struct db *batch = db_batch(&rq->task);

	sql_campaign_test_ask(batch, in->vendor_id, in->campaign_id);
	reply_commit_row(rq, batch, 202, wanted);
}
