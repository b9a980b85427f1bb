/* The notices area (shop/area.h). */
#include "shop/notices/notices.h"
#include "shop/outbox/outbox.h"
#include "task/job.h"
#include "web/limit.h"

enum { FOLLOW_MS = 500 };

static const struct job JOBS[] = {
    {"notices", FOLLOW_MS, notices_follow},
    {"purge_notices", JOB_HOURLY, notices_purge},
    {0},
};

enum { DAY_S = 24 * 60 * 60 };

/* Pushes, a topic for each class. Nothing sends them yet. */
static const struct outbox_topic TOPICS[] = {
    {.name = "push_chat", .expire_s = DAY_S, .drop_expired = true},
    {.name = "push_orders", .expire_s = 3 * DAY_S, .drop_expired = true},
    {.name = "push_system", .expire_s = 3 * DAY_S, .drop_expired = true},
    {.name = "push_promotions", .expire_s = DAY_S, .drop_expired = true},
    {0},
};

static const struct limit_rule LIMITS[] = {
    /* PostgreSQL takes 30 ms to look a time zone up */
    {"preferences", LIMIT_BY_ACCOUNT, 30, 60},
    {0},
};

const struct area AREA_NOTICES = {
    .name = "notices",
    .limits = LIMITS,
    .jobs = JOBS,
    .topics = TOPICS,
    .follower = "notices",
};
