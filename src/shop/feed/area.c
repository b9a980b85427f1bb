/* The feed area (shop/area.h). */
#include "shop/feed/feed.h"
#include "task/job.h"
#include "web/limit.h"

static const struct limit_rule LIMITS[] = {
    /* each tab needs one for every reconnection of its stream */
    {"ticket", LIMIT_BY_ACCOUNT, 120, 60},
    {0},
};

enum {
	PARTITION_MS = 10 * 60 * 1000,
	MEASURE_MS = 15 * 1000, /* the usual scrape interval of metrics */
};

static const struct job JOBS[] = {
    {"purge_feed", JOB_HOURLY, feed_purge},
    {"partition", PARTITION_MS, feed_partition},
    {"measure_followers", MEASURE_MS, feed_measure},
    {0},
};

const struct area AREA_FEED = {
    .name = "feed",
    .limits = LIMITS,
    .jobs = JOBS,
    .start = feed_start,
    .drain = feed_drain,
    .is_busy = feed_is_busy,
    .stop = feed_stop,
};
