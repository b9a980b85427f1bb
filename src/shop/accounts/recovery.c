/*
 * recovery: a forgotten password, and a new one. docs/ACCOUNTS.md.
 */
#include <assert.h>
#include <string.h>

#include "accounts.sql.h"
#include "api.gen.h"
#include "base/json.h"
#include "identities.sql.h"
#include "passkeys.sql.h"
#include "phone.sql.h"
#include "shop/accounts/common_password.h"
#include "shop/accounts/email_code.h"
#include "shop/accounts/identity_proof.h"
#include "shop/accounts/password.h"
#include "shop/accounts/sign_in.h"
#include "shop/accounts/suspicion.h"
#include "shop/accounts/two_factor.h"
#include "shop/mail/mail.h"
#include "web/reply.h"

/* Tells the owner: whoever changes a password in their place is noticed. */
static void set_password(struct db *tx, struct uuid account_id, const char *hash)
{
	sql_account_set_password(tx, account_id, hash);
	mail_write(tx, &(struct mail_letter){.key = "mail.password_changed",
	                                     .account_id = &account_id,
	                                     .facts = "{}"});
}

/* POST /v1/auth/password/reset-requests */
void request_password_reset(struct request *rq, const struct request_password_reset_in *in)
{
	struct uuid id = uuid_v7();

	suspicion_expect(rq, in->email);
	email_code_count(rq, in->email);
	email_code_ask(rq, db_as(&rq->task, PG_AUTH), id, EMAIL_CODE_RESET, in->email);
	email_code_reply(rq, NULL, "request_id", id, EMAIL_CODE_RESET);
}

static void tell_of_removed(struct request *rq, struct db *tx, struct uuid account, const char *key,
                            const char *name)
{
	struct buf facts = buf_new(rq->task.arena, 64);
	struct json json = json_new(&facts);

	json_open_object(&json);
	json_put_str(&json, "name", name);
	json_close_object(&json);
	two_factor_tell(tx, account, key, arena_strndup(rq->task.arena, facts.data, facts.length));
}

/* Before its first password, nothing has shown that who uses the account reads the mails of its
 * address: a provider may have told that. So what signs in was perhaps added by somebody else. */
static void remove_strangers(struct request *rq, struct db *tx, struct uuid account)
{
	size_t count;
	const struct identity_remove_all_row *identities =
	    sql_identity_remove_all_rows(tx, sql_identity_remove_all(tx, account), &count);

	for (size_t i = 0; i < count; i++)
		tell_of_removed(rq, tx, account, "mail.identity_unlinked",
		                identity_title(identities[i].provider));
	const struct passkey_remove_all_row *passkeys =
	    sql_passkey_remove_all_rows(tx, sql_passkey_remove_all(tx, account), &count);

	for (size_t i = 0; i < count; i++)
		tell_of_removed(rq, tx, account, "mail.passkey_removed", passkeys[i].name);
	if (rows_count(sql_account_remove_phone(tx, account)) > 0)
		two_factor_tell(tx, account, "mail.phone_changed", "{}");
}

/* POST /v1/auth/password/reset: of two at once one wins, since the other finds the password changed
 * after its code was asked for. Does not sign in: that is what asks for a second factor. */
void reset_password(struct request *rq, const struct reset_password_in *in)
{
	password_refuse_common(&rq->task, "/password", in->password); /* before a code is tried */
	const struct email_code_try_row *code =
	    email_code_prove(rq, EMAIL_CODE_RESET, in->request_id, in->code);
	const char *hash = password_hash(&rq->task, in->password);
	struct db *tx = db_begin_as(&rq->task, PG_AUTH);

	email_code_spend(tx, in->request_id);
	const struct account_to_recover_row *account = sql_account_to_recover_rows(
	    tx, sql_account_to_recover(tx, code->email_key, code->email, code->created_at), NULL);

	if (account == NULL)
		email_code_refuse(&rq->task);
	if (account->locked)
		sign_in_refuse_locked(rq);
	set_password(tx, account->id, hash);
	if (!account->has_password)
		remove_strangers(rq, tx, account->id);
	sql_session_end_others(tx, account->id, (struct uuid){0});
	reply_commit_empty(rq, tx);
}

/* PUT /v1/me/password: ends all other sessions, which signed in with the old one. */
void set_my_password(struct request *rq, const struct set_my_password_in *in)
{
	const struct actor *actor = &rq->task.actor;

	password_refuse_common(&rq->task, "/password", in->password);
	const char *old_hash = account_check_password(rq, in->current_password);
	const char *new_hash = password_hash(&rq->task, in->password);
	struct db *tx = db_begin_as(&rq->task, PG_AUTH);
	const struct account_row_lock_row *account =
	    sql_account_row_lock_rows(tx, sql_account_row_lock(tx, actor->account_id), NULL);

	assert(!password_is_outdated(new_hash) && account->password_hash != NULL);
	if (strcmp(account->password_hash, old_hash) != 0)
		sign_in_refuse(rq); /* changed during hashing */
	set_password(tx, actor->account_id, new_hash);
	sql_session_end_others(tx, actor->account_id, actor->session_id);
	reply_commit_empty(rq, tx);
}
