/* send: the jobs of campaigns, and what becomes of their notices. */
#include <assert.h>

#include "base/limits.h"
#include "campaigns.sql.h"
#include "shop/campaigns/campaigns.h"
#include "task/forget.h"

enum {
	STEPS_MAX = 400, /* a run is no longer than a job may take */
	TESTS_MAX = 100,
	FORGET_MAX = 5000,
};

static bool step(struct task *task)
{
	struct db *db = db_of(task);

	return sql_campaigns_step_rows(db, sql_campaigns_step(db, LIMIT_CAMPAIGN_STEP), NULL)->more;
}

void campaigns_send(struct task *task)
{
	struct db *db = db_of(task);
	int32_t tested =
	    sql_campaigns_test_rows(db, sql_campaigns_test(db, TESTS_MAX), NULL)->count;

	assert(tested >= 0 && tested <= TESTS_MAX);
	for (int steps = 0; steps < STEPS_MAX && step(task); steps++)
		;
}

static int32_t forget(struct task *task)
{
	struct db *db = db_of(task);

	return sql_campaign_recipients_forget_rows(
	           db, sql_campaign_recipients_forget(db, FORGET_MAX), NULL)
	    ->count;
}

void campaigns_purge(struct task *task)
{
	sql_campaigns_close(db_of(task));
	forget_all(task, forget, FORGET_MAX);
}

void campaigns_delivered(struct db *db, struct uuid_array notices)
{
	assert(notices.count > 0);
	sql_campaign_delivered(db, notices);
}

void campaigns_opened(struct db *db, struct uuid account, struct uuid_array notices)
{
	sql_campaign_opened(db, account, &notices, NULL, false);
}

void campaigns_opened_up_to(struct db *db, struct uuid account, struct uuid notice)
{
	sql_campaign_opened(db, account, NULL, &notice, false);
}

void campaigns_clicked(struct db *db, struct uuid account, struct uuid notice)
{
	struct uuid_array notices = {1, &notice};

	sql_campaign_opened(db, account, &notices, NULL, true);
}
