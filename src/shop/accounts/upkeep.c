/*
 * What the command line and the clock do with accounts.
 */
#include <string.h>

#include "accounts.sql.h"
#include "shop/accounts/accounts.h"
#include "shop/accounts/password.h"
#include "web/check.h"

enum {
	PASSWORD_MIN = 8, /* as the contract's RegisterInput */
	PASSWORD_MAX = 256,
	EMAIL_MAX = 254,
	PURGE_COUNT = 1000, /* rows of one statement: it locks them, briefly */
	TOKEN_DAYS = 60,
};

void accounts_create_admin(struct task *task, const char *email, const char *name,
                           const char *password)
{
	struct check check;

	check_init(&check, task->arena);
	if (!check_text(&check, FORMAT_EMAIL, email, strlen(email), 3, EMAIL_MAX))
		task_end(task, PROBLEM_INVALID, "%s is not an e-mail address.", email);
	if (!check_text(&check, FORMAT_NONE, password, strlen(password), PASSWORD_MIN,
	                PASSWORD_MAX))
		task_end(task, PROBLEM_INVALID, "A password has %d to %d characters.", PASSWORD_MIN,
		         PASSWORD_MAX);
	const char *hash = password_hash(task, password);

	sql_account_make_admin(db_as(task, PG_JOBS), uuid_v7(), email,
	                       name == NULL ? "Administrator" : name, hash);
}

static int32_t purge_sessions(struct db *db)
{
	return sql_session_purge_rows(db, sql_session_purge(db, PURGE_COUNT), NULL)->count;
}

static int32_t purge_tokens(struct db *db)
{
	return sql_refresh_token_purge_rows(
	           db, sql_refresh_token_purge(db, PURGE_COUNT, TOKEN_DAYS), NULL)
	    ->count;
}

void accounts_purge(struct task *task)
{
	struct db *db = db_of(task);

	while (purge_sessions(db) >= PURGE_COUNT)
		continue;
	while (purge_tokens(db) >= PURGE_COUNT)
		continue;
}
