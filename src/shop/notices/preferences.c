/*
 * preferences: what an account wants to be told, where and when. functions_preferences.sql has what
 * they mean.
 */
#include <assert.h>
#include <string.h>

#include "api.gen.h"
#include "notices.sql.h"
#include "web/reply.h"

enum { UNWANTED_MAX = 4 * 3, DIGITS_OF_TIME = 5 }; /* classes, channels */

struct unwanted {
	size_t count;
	const char *items[UNWANTED_MAX];
};

static void add(struct unwanted *unwanted, bool wanted, const char *name)
{
	if (wanted)
		return;
	assert(unwanted->count < UNWANTED_MAX);
	unwanted->items[unwanted->count++] = name;
}

#define ADD_CLASS(unwanted, channels, name)                                                        \
	do {                                                                                       \
		add(unwanted, (channels)->push, name ".push");                                     \
		add(unwanted, (channels)->email, name ".email");                                   \
		add(unwanted, (channels)->in_app, name ".in_app");                                 \
	} while (0)

static void require_on(struct request *rq, bool is_on, const char *field, const char *why)
{
	if (!is_on)
		task_end_field(&rq->task, field, "always_on", "cannot be false: %s", why);
}

static void check_always_on(struct request *rq, const struct put_notification_preferences_in *in)
{
	static const char SYSTEM[] = "people must learn what happens to their account and shop";

	require_on(rq, in->system.in_app, "/system/in_app", SYSTEM);
	require_on(rq, in->system.email, "/system/email", SYSTEM);
	require_on(rq, in->receipts == NULL || in->receipts->email, "/receipts/email",
	           "every order has a receipt");
}

/* "hh:mm" */
static bool is_time(const char *text)
{
	return strlen(text) == DIGITS_OF_TIME && strspn(text, "0123456789") == 2 &&
	       text[2] == ':' && strspn(text + 3, "0123456789") == 2 &&
	       strncmp(text, "24", 2) < 0 && text[3] < '6';
}

static void check_time(struct request *rq, const char *field, const char *text)
{
	if (!is_time(text))
		task_end_field(&rq->task, field, "format",
		               "must be a time of day from 00:00 to 23:59");
}

static void check_quiet_hours(struct request *rq, const struct put_notification_preferences_in *in)
{
	const char *missing = in->quiet_from == NULL ? "/quiet_from" : "/quiet_to";

	if (in->quiet_from == NULL && in->quiet_to == NULL)
		return;
	if (in->quiet_from == NULL || in->quiet_to == NULL)
		task_end_field(&rq->task, missing, "required",
		               "quiet hours have a beginning and an end");
	check_time(rq, "/quiet_from", in->quiet_from);
	check_time(rq, "/quiet_to", in->quiet_to);
	if (strcmp(in->quiet_from, in->quiet_to) == 0)
		task_end_field(&rq->task, "/quiet_to", "equal", "must not be the beginning");
	if (in->time_zone == NULL)
		task_end_field(&rq->task, "/time_zone", "required", "is required of quiet hours");
}

static void check_time_zone(struct request *rq, struct db *tx, const char *name)
{
	if (name != NULL &&
	    !sql_time_zone_is_known_rows(tx, sql_time_zone_is_known(tx, name), NULL)->known)
		task_end_field(&rq->task, "/time_zone", "unknown",
		               "must be a time zone of the IANA database");
}

/* GET /v1/me/notification-preferences */
void get_notification_preferences(struct request *rq,
                                  const struct get_notification_preferences_in *in)
{
	(void)in;
	reply_row(rq, sql_preferences(db_of(&rq->task), rq->task.actor.account_id));
}

/* PUT /v1/me/notification-preferences */
void put_notification_preferences(struct request *rq,
                                  const struct put_notification_preferences_in *in)
{
	struct uuid account = rq->task.actor.account_id;
	struct unwanted unwanted = {0};
	struct db *batch;

	check_always_on(rq, in);
	check_quiet_hours(rq, in);
	check_time_zone(rq, db_of(&rq->task), in->time_zone);
	ADD_CLASS(&unwanted, &in->orders, "orders");
	ADD_CLASS(&unwanted, &in->chat, "chat");
	ADD_CLASS(&unwanted, &in->promotions, "promotions");
	ADD_CLASS(&unwanted, &in->system, "system");
	batch = db_batch(&rq->task);
	sql_preferences_put(batch, &(struct preferences_put_args){
	                               .account = account,
	                               .unwanted = {unwanted.count, unwanted.items},
	                               .quiet_from = in->quiet_from,
	                               .quiet_to = in->quiet_to,
	                               .time_zone = in->time_zone,
	                               .email_digest = EMAIL_DIGEST_NAMES[in->email_digest],
	                           });
	reply_commit_row(rq, batch, 200, sql_preferences(batch, account));
}
