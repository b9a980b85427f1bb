/*
 * email_change: another e-mail address, and the way back to a former one. docs/ACCOUNTS.md.
 */
#include <assert.h>

#include "accounts.sql.h"
#include "api.gen.h"
#include "base/limits.h"
#include "email_change.sql.h"
#include "shop/accounts/common_password.h"
#include "shop/accounts/email_code.h"
#include "shop/accounts/password.h"
#include "shop/accounts/sign_in.h"
#include "shop/mail/mail.h"
#include "shop/texts/texts.h"
#include "web/language.h"
#include "web/reply.h"

/* POST /v1/me/email: does the same whether another account has the address or not. */
void request_email_change(struct request *rq, const struct request_email_change_in *in)
{
	struct uuid id = uuid_v7();

	email_code_count(rq, in->email);
	struct db *tx = session_begin(rq, NULL);

	email_code_ask(rq, tx, id, EMAIL_CODE_CHANGE, in->email);
	sql_email_change_add(tx, id, rq->task.actor.account_id);
	email_code_reply(rq, tx, "change_id", id, EMAIL_CODE_CHANGE);
}

/* The hash of the password that an account gets which has none; else NULL. */
static const char *first_password(struct request *rq, const char *password)
{
	const struct actor *actor = &rq->task.actor;
	struct db *db = db_as(&rq->task, PG_AUTH);
	const struct account_has_password_row *own = sql_account_has_password_rows(
	    db, sql_account_has_password(db, actor->account_id, actor->session_id), NULL);

	if (own == NULL)
		task_end(&rq->task, PROBLEM_UNAUTHENTICATED, "The session has ended.");
	if (own->has_password)
		return NULL;
	if (password == NULL)
		task_end_field(&rq->task, "/password", "required",
		               "The account has no password yet, and gets one with the address.");
	password_refuse_common(&rq->task, "/password", password);
	return password_hash(&rq->task, password);
}

/* POST /v1/me/email/confirm: the unique index decides when two accounts want one address. */
void confirm_email_change(struct request *rq, const struct confirm_email_change_in *in)
{
	struct uuid account = rq->task.actor.account_id;
	const char *hash = first_password(rq, in->password);
	const struct email_code_try_row *code =
	    email_code_prove(rq, EMAIL_CODE_CHANGE, in->change_id, in->code);
	struct db *tx = session_begin(rq, NULL);

	if (rows_count(sql_email_change_is_of(tx, in->change_id, account)) == 0)
		email_code_refuse(&rq->task);
	email_code_spend(tx, in->change_id);
	sql_email_undo_add(
	    tx, uuid_v7(), account,
	    language_choose(http_header(rq->http, "Accept-Language"), text_language_names()),
	    LIMIT_EMAIL_UNDO_S);
	sql_account_change_email(tx, account, code->email, code->email_key, hash);
	reply_commit_row(rq, tx, 200, sql_account_view(tx, account, rq->task.actor.session_id));
}

static void tell(struct db *tx, struct uuid account, const char *key)
{
	mail_write(tx, &(struct mail_letter){.key = key, .account_id = &account, .facts = "{}"});
}

static void tell_of_undo(struct db *tx, struct uuid account, const char *lost, bool stays)
{
	tell(tx, account, "mail.password_changed");
	if (stays)
		tell(tx, account, "mail.deletion_cancelled");
	if (lost != NULL)
		mail_write(tx, &(struct mail_letter){
		                   .key = "mail.email_undone", .address = lost, .facts = "{}"});
}

/* POST /v1/auth/email/undo: whoever took the account keeps nothing that opens it. */
void undo_email_change(struct request *rq, const struct undo_email_change_in *in)
{
	password_refuse_common(&rq->task, "/password", in->password); /* before a code is tried */
	const struct email_code_try_row *code =
	    email_code_prove(rq, EMAIL_CODE_UNDO, in->undo_id, in->code);
	const char *hash = password_hash(&rq->task, in->password);
	struct db *tx = db_begin_as(&rq->task, PG_AUTH);
	bool stays = rows_count(sql_email_undo_deletion(tx, in->undo_id)) > 0;
	const struct email_undo_lock_row *account =
	    sql_email_undo_lock_rows(tx, sql_email_undo_lock(tx, in->undo_id), NULL);

	if (account == NULL)
		email_code_refuse(&rq->task);
	email_code_spend(tx, in->undo_id);
	if (account->locked)
		sign_in_refuse_locked(rq);
	assert(!password_is_outdated(hash));
	sql_email_undo_void(tx, in->undo_id, account->account_id);
	sql_account_change_email(tx, account->account_id, code->email, code->email_key, hash);
	sql_email_undo_phone(tx, in->undo_id, account->account_id);
	sql_email_undo_factor(tx, in->undo_id, account->account_id, LIMIT_EMAIL_UNDO_S);
	sql_email_undo_passkeys(tx, in->undo_id, account->account_id, LIMIT_EMAIL_UNDO_S);
	sql_email_undo_identities(tx, in->undo_id, account->account_id, LIMIT_EMAIL_UNDO_S);
	sql_session_end_others(tx, account->account_id, (struct uuid){0});
	tell_of_undo(tx, account->account_id, account->lost, stays);
	reply_commit_empty(rq, tx);
}
