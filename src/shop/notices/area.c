/* The notices area (shop/area.h). */
#include "shop/notices/notices.h"
#include "task/job.h"
#include "web/limit.h"

enum {
	FOLLOW_MS = 500,
	/* Waits end when they are over: notices_end_waits() asks for its next run. */
	WAITS_MS = 500,
};

static const struct job JOBS[] = {
    {"notices", FOLLOW_MS, notices_follow},
    {"end_waits", WAITS_MS, notices_end_waits},
    {"purge_notices", JOB_HOURLY, notices_purge},
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
    .follower = "notices",
};
