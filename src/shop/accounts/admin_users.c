/*
 * admin_users: lists accounts, locks them, and sets their admin roles.
 */
#include <assert.h>
#include <string.h>

#include "admin_users.sql.h"
#include "api.gen.h"
#include "base/phone.h"
#include "shop/platform/platform.h"
#include "web/page.h"
#include "web/reply.h"

/* GET /v1/admin/users */
void admin_list_users(struct request *rq, const struct admin_list_users_in *in)
{
	struct page page = page_open(rq, in->cursor, in->limit, 0, PAGE_DESCENDING);
	char phone[PHONE_LENGTH + 1];
	bool by_phone = in->q != NULL && phone_form(in->q, strlen(in->q), phone);

	reply_page(rq, &page,
	           sql_admin_users_page(db_of(&rq->task), &(struct admin_users_page_args){
	                                                      .q = by_phone ? NULL : in->q,
	                                                      .phone = by_phone ? phone : NULL,
	                                                      .locked = in->locked,
	                                                      .after_key = page.after_key,
	                                                      .after_id = page.after_id,
	                                                      .page_size = page.count,
	                                                  }));
}

/* GET /v1/admin/users/{user_id} */
void admin_get_user(struct request *rq, const struct admin_get_user_in *in)
{
	reply_row(rq, sql_admin_user(db_of(&rq->task), in->user_id));
}

/* Admins cannot lock or unlock themselves, and only superadmins lock or unlock admins. Holds locks
 * to the end of the transaction, so that of two admins who lock each other at once, one is
 * refused. */
static void require_may_lock(struct db *tx, struct uuid user_id)
{
	size_t count;
	const struct admin_user_row_lock_row *user;

	sql_admin_superadmins_lock(tx);
	user = sql_admin_user_row_lock_rows(tx, sql_admin_user_row_lock(tx, user_id), &count);
	assert(count == 1);
	assert(user->is_self == uuid_equal(user_id, db_task(tx)->actor.account_id));
	if (user->is_self)
		task_end(db_task(tx), PROBLEM_CONFLICT,
		         "You cannot lock or unlock your own account.");
	if (user->is_admin && !user->by_superadmin)
		task_end(db_task(tx), PROBLEM_FORBIDDEN, "Only a superadmin can lock an admin.");
}

/* POST /v1/admin/users/{user_id}/lock */
void lock_user(struct request *rq, const struct lock_user_in *in)
{
	struct db *tx = db_begin(&rq->task);

	require_may_lock(tx, in->user_id);
	platform_audit_reason(tx, in->reason);
	sql_admin_user_lock(tx, in->user_id, in->reason);
	sql_admin_user_end_sessions(tx, in->user_id);
	reply_commit_row(rq, tx, 200, sql_admin_user(tx, in->user_id));
}

/* POST /v1/admin/users/{user_id}/unlock */
void unlock_user(struct request *rq, const struct unlock_user_in *in)
{
	struct db *tx = db_begin(&rq->task);

	require_may_lock(tx, in->user_id);
	sql_account_expect_stays(tx, in->user_id);
	platform_audit_reason(tx, in->reason);
	sql_admin_user_unlock(tx, in->user_id);
	reply_commit_row(rq, tx, 200, sql_admin_user(tx, in->user_id));
}

/* The actor must be a superadmin until the end of the transaction: of two who remove each other's
 * role at once, one is refused. So one superadmin always remains. */
static void lock_as_superadmin(struct db *tx)
{
	size_t count;
	const struct admin_superadmins_lock_row *superadmins =
	    sql_admin_superadmins_lock_rows(tx, sql_admin_superadmins_lock(tx), &count);

	for (size_t i = 0; i < count; i++)
		if (superadmins[i].is_self)
			return;
	task_end(db_task(tx), PROBLEM_FORBIDDEN, "You are no longer a superadmin.");
}

/* PUT /v1/admin/users/{user_id}/admin-role */
void set_admin_role(struct request *rq, const struct set_admin_role_in *in)
{
	struct db *tx = db_begin(&rq->task);

	assert(rq->task.actor.kind == ACTOR_ADMIN && !uuid_is_nil(rq->task.actor.account_id));
	if (uuid_equal(in->user_id, rq->task.actor.account_id))
		task_end(&rq->task, PROBLEM_CONFLICT, "You cannot change your own role.");
	lock_as_superadmin(tx);
	const struct admin_user_row_lock_row *user =
	    sql_admin_user_row_lock_rows(tx, sql_admin_user_row_lock(tx, in->user_id), NULL);

	if (in->role != NULL && !user->has_password)
		task_end(&rq->task, PROBLEM_CONFLICT,
		         "Admins sign in with a password, and this account has none.");
	if (in->role != NULL)
		sql_account_expect_stays(tx, in->user_id);
	sql_admin_user_set_role(tx, in->user_id,
	                        in->role != NULL ? ADMIN_ROLE_NAMES[*in->role] : NULL);
	sql_admin_user_end_sessions(tx, in->user_id);
	reply_commit_row(rq, tx, 200, sql_admin_user(tx, in->user_id));
}
