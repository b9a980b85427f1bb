/* What jobs do for webhooks, beside the deliverer. */
#include <assert.h>

#include "shop/webhooks/internal.h"
#include "task/forget.h"
#include "webhook_send.sql.h"

enum {
	EVENTS_MAX = 500, /* per transaction, which locks the position */
	ROUNDS_MAX = 200, /* a run is no longer than a job may take */
	FORGET_MAX = 10000,
};

void webhooks_follow(struct task *task)
{
	for (int rounds = 0; rounds < ROUNDS_MAX; rounds++) {
		struct db *db = db_of(task);
		const struct webhooks_follow_row *row =
		    sql_webhooks_follow_rows(db, sql_webhooks_follow(db, EVENTS_MAX), NULL);

		if (row == NULL || !row->more)
			return;
	}
}

static int32_t end_deliveries(struct task *task)
{
	struct db *db = db_of(task);

	return sql_webhook_deliveries_end_rows(db, sql_webhook_deliveries_end(db, FORGET_MAX), NULL)
	    ->count;
}

static int32_t forget_deliveries(struct task *task)
{
	struct db *db = db_of(task);

	return sql_webhook_deliveries_forget_rows(db, sql_webhook_deliveries_forget(db, FORGET_MAX),
	                                          NULL)
	    ->count;
}

static int32_t forget_secrets(struct task *task)
{
	struct db *db = db_of(task);

	return sql_webhook_secrets_forget_rows(db, sql_webhook_secrets_forget(db, FORGET_MAX), NULL)
	    ->count;
}

void webhooks_purge(struct task *task)
{
	forget_all(task, end_deliveries, FORGET_MAX);
	forget_all(task, forget_deliveries, FORGET_MAX);
	forget_all(task, forget_secrets, FORGET_MAX);
}
