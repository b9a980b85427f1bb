#include "shop/support/support.h"

#include <assert.h>

#include "api.gen.h"
#include "base/clock.h"
#include "base/limits.h"
#include "shop/platform/platform.h"
#include "support.sql.h"
#include "task/forget.h"
#include "web/page.h"
#include "web/reply.h"
#include "web/token.h"

enum { PURGE_COUNT = 1000 };

/* Whom or what to see: one of the two, that is there. */
static void check_target(struct request *rq, struct db *tx, const struct start_support_view_in *in)
{
	if ((in->user_id == NULL) == (in->vendor_id == NULL))
		task_end_field(&rq->task, "/user_id", "one",
		               "must be given, or else vendor_id, and not both");
	if (in->vendor_id != NULL) {
		sql_support_vendor(tx, *in->vendor_id);
		return;
	}
	const struct support_person_row *person =
	    sql_support_person_rows(tx, sql_support_person(tx, *in->user_id), NULL);

	if (person->is_admin)
		task_end(&rq->task, PROBLEM_CONFLICT, "The account is an admin's.");
	if (person->is_erased)
		task_end(&rq->task, PROBLEM_CONFLICT, "The account was erased.");
}

/* The token of the view: a client uses it as the access token of the person. */
static void reply_begun(struct request *rq, struct db *tx, struct uuid view, struct uuid account)
{
	int64_t now_s = clock_now_us() / 1000000;
	struct token token = {
	    .kind = TOKEN_VIEW,
	    .account_id = account,
	    .session_id = view,
	    .issued_s = now_s,
	    .expires_s = now_s + (int64_t)LIMIT_SUPPORT_VIEW_MIN * 60,
	};
	const struct rows *row = sql_support_view_of(tx, view);
	struct buf body = buf_new(rq->task.arena, 512);
	struct json json = json_new(&body);
	char access[TOKEN_LENGTH + 1];

	token_make(&token, access);
	json_open_object(&json);
	json_put_str(&json, "access_token", access);
	json_key(&json, "view");
	rows_json_object(row, 0, &json);
	json_close_object(&json);
	reply_header(rq, "Cache-Control", "no-store");
	reply_commit_json(rq, tx, 201, &body);
}

/* POST /v1/admin/support-views */
void start_support_view(struct request *rq, const struct start_support_view_in *in)
{
	const struct actor *actor = &rq->task.actor;
	struct uuid id = uuid_v7();
	struct db *tx = db_begin(&rq->task);

	assert(actor->kind == ACTOR_ADMIN);
	check_target(rq, tx, in);
	platform_audit_reason(tx, in->reason);
	sql_support_end_others(tx, actor->session_id);
	sql_support_start(tx, &(struct support_start_args){
	                          .id = id,
	                          .admin = actor->account_id,
	                          .session = actor->session_id,
	                          .account = in->user_id,
	                          .vendor = in->vendor_id,
	                          .reason = in->reason,
	                          .minutes = LIMIT_SUPPORT_VIEW_MIN,
	                      });
	reply_begun(rq, tx, id, in->user_id != NULL ? *in->user_id : actor->account_id);
}

/* GET /v1/admin/support-views */
void list_support_views(struct request *rq, const struct list_support_views_in *in)
{
	struct page page = page_open(rq, in->cursor, in->limit, 0, PAGE_DESCENDING);

	reply_page(
	    rq, &page,
	    sql_support_views_page(db_of(&rq->task), page.after_key, page.after_id, page.count));
}

/* DELETE /v1/admin/support-views/{view_id} */
void end_support_view(struct request *rq, const struct end_support_view_in *in)
{
	sql_support_end(db_of(&rq->task), in->view_id, rq->task.actor.account_id);
	reply_empty(rq);
}

static int32_t purge(struct task *task)
{
	struct db *db = db_of(task);

	return sql_support_purge_rows(
	           db, sql_support_purge(db, PURGE_COUNT, LIMIT_SUPPORT_VIEW_DAYS), NULL)
	    ->count;
}

void support_purge(struct task *task)
{
	forget_all(task, purge, PURGE_COUNT);
}
