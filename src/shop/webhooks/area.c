/* The webhooks area (shop/area.h). */
#include "shop/webhooks/internal.h"
#include "shop/webhooks/webhooks.h"
#include "task/job.h"
#include "web/limit.h"

enum { FOLLOW_MS = 500, MINUTE_MS = 60 * 1000, HOUR_MS = 60 * MINUTE_MS, DAY_S = 24 * 60 * 60 };

static const struct job JOBS[] = {
    {"webhooks", FOLLOW_MS, webhooks_follow},
    {"purge_webhooks", JOB_HOURLY, webhooks_purge},
    {0},
};

/* Three days, in which a receiver that broke on a Friday evening is mended: 75 hours in all. */
static const int64_t DELAYS_MS[] = {
    5 * 1000,     5 * MINUTE_MS, 30 * MINUTE_MS, 2 * HOUR_MS,  5 * HOUR_MS,
    10 * HOUR_MS, 14 * HOUR_MS,  20 * HOUR_MS,   24 * HOUR_MS, 0,
};

/* Expiry leaves room for what a receiver asks for and for breakers; docs/WEBHOOKS.md says three
 * days because then a webhook that never answers is disabled. */
static const struct outbox_topic TOPICS[] = {
    {.name = "webhooks",
     .deliver = webhooks_deliver,
     .lost = webhook_lost,
     .expire_s = 6 * DAY_S,
     .drop_expired = true,
     .drop_failed = true,
     .delays_ms = DELAYS_MS},
    {0},
};

static const struct limit_rule LIMITS[] = {
    /* somebody who tries things out */
    {"webhooks", LIMIT_BY_ACCOUNT, 60, 60},
    {0},
};

const struct area AREA_WEBHOOKS = {
    .name = "webhooks",
    .limits = LIMITS,
    .jobs = JOBS,
    .topics = TOPICS,
    .follower = "webhooks",
};
