/*
 * admin_vendors: decides which vendors may sell. One table has a vendor's states and their
 * transitions.
 */
#include <assert.h>
#include <string.h>

#include "admin_vendors.sql.h"
#include "api.gen.h"
#include "shop/feed/feed.h"
#include "shop/platform/platform.h"
#include "web/cache.h"
#include "web/page.h"
#include "web/reply.h"

enum decision { APPROVE, REJECT, SUSPEND, REINSTATE, CLOSE };

static const struct transition {
	enum decision decision;
	enum vendor_status_choice from, to;
} TRANSITIONS[] = {
    {APPROVE, VENDOR_STATUS_APPLIED, VENDOR_STATUS_APPROVED},
    {REJECT, VENDOR_STATUS_APPLIED, VENDOR_STATUS_REJECTED},
    {SUSPEND, VENDOR_STATUS_APPROVED, VENDOR_STATUS_SUSPENDED},
    {REINSTATE, VENDOR_STATUS_SUSPENDED, VENDOR_STATUS_APPROVED},
    {CLOSE, VENDOR_STATUS_SUSPENDED, VENDOR_STATUS_CLOSED},
};

enum { TRANSITION_COUNT = sizeof(TRANSITIONS) / sizeof(TRANSITIONS[0]) };

_Static_assert(TRANSITION_COUNT == CLOSE + 1, "each decision is one transition");

/* Passes the table as rows, from which the statement derives each vendor's allowed transitions. */
static struct rows *vendors(struct db *db, const struct uuid *id, const char *status, const char *q,
                            const struct page *page)
{
	struct admin_vendors_transitions transitions[TRANSITION_COUNT];

	assert((id != NULL) != (page->count > 0)); /* one vendor, or a page of them */
	for (size_t i = 0; i < TRANSITION_COUNT; i++)
		transitions[i] =
		    (struct admin_vendors_transitions){VENDOR_STATUS_NAMES[TRANSITIONS[i].from],
		                                       VENDOR_STATUS_NAMES[TRANSITIONS[i].to]};
	return sql_admin_vendors(db, &(struct admin_vendors_args){
	                                 .transitions_count = TRANSITION_COUNT,
	                                 .transitions = transitions,
	                                 .id = id,
	                                 .status = status,
	                                 .q = q,
	                                 .after_key = page->after_key,
	                                 .after_id = page->after_id,
	                                 .page_size = page->count,
	                             });
}

static struct rows *vendor(struct db *db, struct uuid id)
{
	return vendors(db, &id, NULL, NULL, &(struct page){0});
}

/* GET /v1/admin/vendors */
void admin_list_vendors(struct request *rq, const struct admin_list_vendors_in *in)
{
	struct page page = page_open(rq, in->cursor, in->limit, 0, PAGE_DESCENDING);
	const char *status = in->status != NULL ? VENDOR_STATUS_NAMES[*in->status] : NULL;

	reply_page(rq, &page, vendors(db_of(&rq->task), NULL, status, in->q, &page));
}

/* GET /v1/admin/vendors/{vendor_id} */
void admin_get_vendor(struct request *rq, const struct admin_get_vendor_in *in)
{
	reply_row(rq, vendor(db_of(&rq->task), in->vendor_id));
}

static _Noreturn void end_not_allowed(struct task *task, const char *state)
{
	struct buf extra = buf_new(task->arena, 128);
	struct json json = json_new(&extra);

	json_open_object(&json);
	json_key(&json, "allowed_transitions");
	json_open_array(&json);
	for (size_t i = 0; i < TRANSITION_COUNT; i++)
		if (strcmp(VENDOR_STATUS_NAMES[TRANSITIONS[i].from], state) == 0)
			json_str(&json, VENDOR_STATUS_NAMES[TRANSITIONS[i].to]);
	json_close_array(&json);
	json_close_object(&json);
	assert(extra.data[0] == '{' && extra.data[extra.length - 1] == '}');
	task_end_with(task,
	              (struct problem){
	                  .code = PROBLEM_TRANSITION,
	                  .detail = arena_printf(task->arena, "The vendor is %s.", state),
	                  .extra = arena_strndup(task->arena, extra.data + 1, extra.length - 2),
	              });
}

static enum vendor_status_choice next_state(struct db *tx, struct uuid id, enum decision decision)
{
	size_t count;
	const struct admin_vendor_lock_row *vendor =
	    sql_admin_vendor_lock_rows(tx, sql_admin_vendor_lock(tx, id), &count);

	assert(count == 1);
	for (size_t i = 0; i < TRANSITION_COUNT; i++)
		if (TRANSITIONS[i].decision == decision &&
		    strcmp(VENDOR_STATUS_NAMES[TRANSITIONS[i].from], vendor->state) == 0)
			return TRANSITIONS[i].to;
	end_not_allowed(db_task(tx), vendor->state);
}

/* Updates the vendor's listing in the same transaction: nobody can order from a suspended
 * vendor. */
static void decide(struct request *rq, struct uuid id, enum decision decision, const char *reason)
{
	struct db *tx = db_begin(&rq->task);
	enum vendor_status_choice status = next_state(tx, id, decision);

	assert(rq->task.actor.kind == ACTOR_ADMIN && status != VENDOR_STATUS_APPLIED);
	platform_audit_reason(tx, reason);
	sql_admin_vendor_move(tx, id, VENDOR_STATUS_NAMES[status], reason);
	feed_write_vendor_status_changed(tx, id,
	                                 &(struct event_vendor_status_changed){.status = status});
	sql_admin_vendor_refresh(tx, id);
	reply_commit_row(rq, tx, 200, vendor(tx, id));
	cache_invalidate();
}

/* POST /v1/admin/vendors/{vendor_id}/approve */
void approve_vendor(struct request *rq, const struct approve_vendor_in *in)
{
	decide(rq, in->vendor_id, APPROVE, in->reason);
}

/* POST /v1/admin/vendors/{vendor_id}/reject */
void reject_vendor(struct request *rq, const struct reject_vendor_in *in)
{
	decide(rq, in->vendor_id, REJECT, in->reason);
}

/* POST /v1/admin/vendors/{vendor_id}/suspend */
void suspend_vendor(struct request *rq, const struct suspend_vendor_in *in)
{
	decide(rq, in->vendor_id, SUSPEND, in->reason);
}

/* POST /v1/admin/vendors/{vendor_id}/reinstate */
void reinstate_vendor(struct request *rq, const struct reinstate_vendor_in *in)
{
	decide(rq, in->vendor_id, REINSTATE, in->reason);
}

/* POST /v1/admin/vendors/{vendor_id}/close */
void close_vendor(struct request *rq, const struct close_vendor_in *in)
{
	decide(rq, in->vendor_id, CLOSE, in->reason);
}

/* PUT /v1/admin/vendors/{vendor_id}/commission */
void set_vendor_commission(struct request *rq, const struct set_vendor_commission_in *in)
{
	struct db *tx = db_begin(&rq->task);

	sql_admin_vendor_commission(tx, in->vendor_id, in->commission_basis_points);
	reply_commit_row(rq, tx, 200, vendor(tx, in->vendor_id));
}
