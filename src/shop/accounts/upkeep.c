/*
 * Functions of the command line and of scheduled jobs.
 */
#include <assert.h>
#include <string.h>

#include "accounts.sql.h"
#include "api.gen.h"
#include "base/email.h"
#include "base/phone.h"
#include "email_code.sql.h"
#include "identities.sql.h"
#include "passkeys.sql.h"
#include "phone.sql.h"
#include "shop/accounts/accounts.h"
#include "shop/accounts/common_password.h"
#include "shop/accounts/password.h"
#include "shop/accounts/upkeep.h"
#include "task/forget.h"
#include "two_factor.sql.h"
#include "web/check.h"

enum {
	PASSWORD_MIN = 8, /* as the contract's RegisterInput */
	PASSWORD_MAX = 256,
	PURGE_COUNT = 5000, /* per statement: bounds how long it holds row locks */
	TOKEN_DAYS = 60,
	GUEST_CART_DAYS = 30,      /* as the contract says */
	GONE_INVITATION_DAYS = 30, /* after its end */
};

static const char *role_named(struct task *task, const char *role)
{
	for (size_t i = 0; role != NULL && ADMIN_ROLE_NAMES[i] != NULL; i++) {
		if (strcmp(role, ADMIN_ROLE_NAMES[i]) == 0)
			return ADMIN_ROLE_NAMES[i];
	}
	if (role != NULL)
		task_end(task, PROBLEM_INVALID, "There is no admin role %s.", role);
	return ADMIN_ROLE_NAMES[ADMIN_ROLE_SUPERADMIN];
}

void accounts_create_admin(struct task *task, const char *email, const char *name, const char *role,
                           const char *password)
{
	const char *known_role = role_named(task, role);
	const char *address = email;
	struct check check;

	assert(email != NULL && password != NULL);
	check_init(&check, task->arena);
	if (!check_text(&check, FORMAT_EMAIL, &address, strlen(email), 3, EMAIL_CHARACTERS))
		task_end(task, PROBLEM_INVALID, "%s is not an e-mail address.", email);
	if (!check_text(&check, FORMAT_NONE, &password, strlen(password), PASSWORD_MIN,
	                PASSWORD_MAX))
		task_end(task, PROBLEM_INVALID, "A password has %d to %d characters.", PASSWORD_MIN,
		         PASSWORD_MAX);
	if (password_is_common(task->arena, password))
		task_end(task, PROBLEM_INVALID,
		         "The password is one of the most common passwords.");
	assert(email_form(task->arena, address, strlen(address)) != NULL);
	const char *hash = password_hash(task, password);

	sql_account_make_admin(db_as(task, PG_JOBS),
	                       &(struct account_make_admin_args){
	                           .id = uuid_v7(),
	                           .email = address,
	                           .email_key = email_key(task->arena, address),
	                           .name = name == NULL ? "Administrator" : name,
	                           .role = known_role,
	                           .password_hash = hash,
	                       });
}

static int32_t purge_sessions(struct task *task)
{
	struct db *db = db_of(task);

	return sql_session_purge_rows(db, sql_session_purge(db, PURGE_COUNT), NULL)->count;
}

static int32_t purge_tokens(struct task *task)
{
	struct db *db = db_of(task);

	return sql_refresh_token_purge_rows(
	           db, sql_refresh_token_purge(db, PURGE_COUNT, TOKEN_DAYS), NULL)
	    ->count;
}

static int32_t purge_guest_carts(struct task *task)
{
	struct db *db = db_of(task);

	return sql_guest_cart_purge_rows(db, sql_guest_cart_purge(db, PURGE_COUNT, GUEST_CART_DAYS),
	                                 NULL)
	    ->count;
}

static int32_t purge_invitations(struct task *task)
{
	struct db *db = db_of(task);

	return sql_invitation_purge_rows(
	           db, sql_invitation_purge(db, PURGE_COUNT, GONE_INVITATION_DAYS), NULL)
	    ->count;
}

static int32_t purge_phone_codes(struct task *task)
{
	struct db *db = db_of(task);

	return sql_phone_code_purge_rows(db, sql_phone_code_purge(db, PURGE_COUNT), NULL)->count;
}

static int32_t purge_email_codes(struct task *task)
{
	struct db *db = db_of(task);

	return sql_email_code_purge_rows(db, sql_email_code_purge(db, PURGE_COUNT), NULL)->count;
}

static int32_t purge_challenges(struct task *task)
{
	struct db *db = db_of(task);

	return sql_challenge_purge_rows(db, sql_challenge_purge(db, PURGE_COUNT), NULL)->count;
}

static int32_t purge_passkey_challenges(struct task *task)
{
	struct db *db = db_of(task);

	return sql_passkey_challenge_purge_rows(db, sql_passkey_challenge_purge(db, PURGE_COUNT),
	                                        NULL)
	    ->count;
}

static int32_t purge_identity_challenges(struct task *task)
{
	struct db *db = db_of(task);

	return sql_identity_challenge_purge_rows(db, sql_identity_challenge_purge(db, PURGE_COUNT),
	                                         NULL)
	    ->count;
}

void accounts_reset_factors(struct task *task, const char *who)
{
	struct db *db = db_as(task, PG_JOBS);
	char phone[PHONE_LENGTH + 1];
	bool by_phone = phone_form(who, strlen(who), phone);
	const char *key = by_phone ? NULL : account_key(task->arena, who);

	if (!sql_account_reset_factors_rows(
	         db, sql_account_reset_factors(db, key, by_phone ? phone : NULL), NULL)
	         ->is_found)
		task_end(task, PROBLEM_NOT_FOUND, "No account signs in with %s.", who);
}

void accounts_purge(struct task *task)
{
	forget_all(task, purge_sessions, PURGE_COUNT);
	forget_all(task, purge_tokens, PURGE_COUNT);
	forget_all(task, purge_guest_carts, PURGE_COUNT);
	forget_all(task, purge_invitations, PURGE_COUNT);
	forget_all(task, purge_phone_codes, PURGE_COUNT);
	forget_all(task, purge_email_codes, PURGE_COUNT);
	forget_all(task, purge_challenges, PURGE_COUNT);
	forget_all(task, purge_passkey_challenges, PURGE_COUNT);
	forget_all(task, purge_identity_challenges, PURGE_COUNT);
}
