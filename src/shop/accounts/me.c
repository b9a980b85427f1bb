/*
 * The signed-in account: its profile and name, and accepting an invitation.
 */
#include <assert.h>

#include "accounts.sql.h"
#include "api.gen.h"
#include "shop/accounts/password.h"
#include "shop/accounts/sign_in.h"
#include "shop/media/media.h"
#include "web/limit.h"
#include "web/reply.h"

/* GET /v1/me */
void get_me(struct request *rq, const struct get_me_in *in)
{
	(void)in;
	const struct actor *actor = &rq->task.actor;

	reply_row(rq, sql_account_view(db_of(&rq->task), actor->account_id, actor->session_id));
}

const char *account_check_password(struct request *rq, const char *current_password)
{
	const struct actor *actor = &rq->task.actor;
	struct db *db = db_as(&rq->task, PG_AUTH);
	const struct account_of_session_row *account = sql_account_of_session_rows(
	    db, sql_account_of_session(db, actor->account_id, actor->session_id), NULL);

	if (account == NULL)
		task_end(&rq->task, PROBLEM_UNAUTHENTICATED, "The session has ended.");
	if (account->locked)
		sign_in_refuse_locked(rq);
	if (account->password_hash == NULL)
		task_end(&rq->task, PROBLEM_CONFLICT,
		         "The account has no password; requestPasswordReset sets one, where it has "
		         "an e-mail address.");
	if (current_password == NULL)
		task_end_field(&rq->task, "/current_password", "required",
		               "This change requires current_password.");
	sign_in_throttle(rq, account->email_key);
	if (!password_matches(&rq->task, account->password_hash, current_password, NULL))
		sign_in_refuse(rq);
	limit_refund_guesses(rq);
	return account->password_hash;
}

/* PATCH /v1/me */
void update_me(struct request *rq, const struct update_me_in *in)
{
	const char *avatar =
	    media_keep(db_of(&rq->task), UPLOAD_PURPOSE_AVATAR, in->avatar, "/avatar");

	struct uuid account_id = rq->task.actor.account_id;
	struct db *tx = db_begin(&rq->task);

	assert(!uuid_is_nil(account_id));
	request_expect(
	    rq, sql_account_version_lock_rows(tx, sql_account_version_lock(tx, account_id), NULL)
	            ->version);
	if (in->name != NULL || in->avatar_given)
		sql_account_set_profile(tx, account_id, in->name, in->avatar_given, avatar);
	reply_commit_row(rq, tx, 200, sql_account_view(tx, account_id, rq->task.actor.session_id));
}

/* POST /v1/invitations/accept: the database function checks the rules. */
void accept_invitation(struct request *rq, const struct accept_invitation_in *in)
{
	struct db *tx = db_begin(&rq->task);

	sql_invitation_accept(tx, in->token);
	reply_commit_row(
	    rq, tx, 200,
	    sql_account_view(tx, rq->task.actor.account_id, rq->task.actor.session_id));
}
