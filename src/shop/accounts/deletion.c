/*
 * deletion: accounts that leave. docs/ACCOUNTS.md, "Leaving".
 */
#include "shop/accounts/deletion.h"

#include <assert.h>
#include <stddef.h>

#include "api.gen.h"
#include "base/limits.h"
#include "deletion.sql.h"
#include "net/log.h"
#include "shop/feed/feed.h"
#include "shop/mail/mail.h"
#include "shop/platform/platform.h"
#include "task/db.h"
#include "web/reply.h"

enum { STEPS_MAX = 100 /* accounts in one run of the job */ };

static void tell(struct db *db, struct uuid account, const char *key)
{
	mail_write(db, &(struct mail_letter){.key = key, .account_id = &account, .facts = "{}"});
}

static void ask(struct request *rq, struct db *tx, struct uuid account, bool by_admin)
{
	sql_account_expect_free(tx, account);
	sql_account_deletion_ask(tx, account, by_admin, LIMIT_DELETION_DAYS);
	sql_account_sessions_end(tx, account);
	tell(tx, account, "mail.deletion_asked");
	reply_commit_row(rq, tx, 202, sql_account_deletion_of(tx, account));
}

static void cancel(struct request *rq, struct db *tx, struct uuid account)
{
	if (rows_count(sql_account_deletion_cancel(tx, account)) == 0)
		task_end(&rq->task, PROBLEM_NOT_FOUND,
		         "No deletion of this account can be cancelled.");
	tell(tx, account, "mail.deletion_cancelled");
	reply_commit_empty(rq, tx);
}

/* POST /v1/me/deletion */
void request_deletion(struct request *rq, const struct request_deletion_in *in)
{
	(void)in;
	ask(rq, db_begin(&rq->task), rq->task.actor.account_id, false);
}

/* DELETE /v1/me/deletion */
void cancel_deletion(struct request *rq, const struct cancel_deletion_in *in)
{
	(void)in;
	cancel(rq, db_begin(&rq->task), rq->task.actor.account_id);
}

/* POST /v1/admin/users/{user_id}/deletion: for a request that came by post. */
void request_user_deletion(struct request *rq, const struct request_user_deletion_in *in)
{
	struct db *tx = db_begin(&rq->task);

	platform_audit_reason(tx, in->reason);
	ask(rq, tx, in->user_id, true);
}

/* DELETE /v1/admin/users/{user_id}/deletion */
void cancel_user_deletion(struct request *rq, const struct cancel_user_deletion_in *in)
{
	cancel(rq, db_begin(&rq->task), in->user_id);
}

/* A task of its own, so that a failure does not affect other accounts. */
struct leaving {
	struct task task; /* must be first: cast to the struct */
	struct uuid account_id;
};

_Static_assert(offsetof(struct leaving, task) == 0, "a task is cast to it");

static void step(struct task *task)
{
	struct uuid account = ((struct leaving *)(void *)task)->account_id;
	struct db *tx = db_begin_as(task, PG_JOBS);
	const struct account_deletion_step_row *begun =
	    sql_account_deletion_step_rows(tx, sql_account_deletion_step(tx, account), NULL);

	/* To the address, since the account is locked by now; once, since its id is the letter's.
	 */
	if (begun != NULL)
		mail_write(tx, &(struct mail_letter){.id = account,
		                                     .key = "mail.account_erased",
		                                     .address = begun->email,
		                                     .facts = "{}",
		                                     .locale = begun->locale});
	feed_notify(tx);
	db_commit(tx);
}

void accounts_erase(struct task *task)
{
	struct db *db = db_of(task);
	size_t count;
	const struct account_deletions_claim_row *row = sql_account_deletions_claim_rows(
	    db, sql_account_deletions_claim(db, STEPS_MAX), &count);

	assert(count <= STEPS_MAX);
	for (size_t i = 0; i < count; i++) {
		struct leaving one = {.account_id = row[i].account_id};
		const char *why = task_attempt(task, &one.task, step);
		char id[UUID_TEXT_LENGTH + 1];

		if (why == NULL)
			continue;
		uuid_format(row[i].account_id, id);
		LOG_ERROR("account not erased", log_str("account_id", id), log_str("why", why));
	}
}
