/* The area of payments by providers (shop/area.h). */
#include "shop/payments/attempt.h"
#include "task/job.h"
#include "web/limit.h"

enum { DAY_S = 24 * 60 * 60 };

static int start(const struct area_options *options)
{
	if (options->payments != NULL)
		payment_settings_keep(options->payments);
	return 0;
}

static const struct job JOBS[] = {
    {"payments", JOB_AT_SETTING, attempts_reconcile},
    {"chargebacks", JOB_AT_SETTING, chargebacks_look},
    {"give_up_refunds", JOB_HOURLY, refunds_give_up},
    {"purge_payment_webhooks", JOB_HOURLY, payment_webhooks_purge},
    {0},
};

static const struct outbox_topic TOPICS[] = {
    {.name = "payment_refunds",
     .deliver = refunds_deliver,
     .lost = refunds_lost,
     .expire_s = 90 * DAY_S},
    {.name = "chargebacks", .deliver = chargebacks_deliver, .expire_s = 30 * DAY_S},
    {0},
};

static const struct limit_rule LIMITS[] = {
    /* somebody who tries their cards; each is a call to a provider */
    {"payment_attempts", LIMIT_BY_ACCOUNT, 60, 60},
    /* a provider calls from few addresses, for all payments */
    {"payment_webhooks", LIMIT_BY_ADDRESS, 6000, 60},
    {0},
};

const struct area AREA_PAYMENTS = {
    .name = "payments",
    .limits = LIMITS,
    .jobs = JOBS,
    .topics = TOPICS,
    .start = start,
};
