/* What the feed contributes (shop/area.h). */
#include "shop/feed/feed.h"
#include "task/job.h"

static const struct job JOBS[] = {
    {"purge_feed", JOB_HOURLY, feed_purge},
    {0},
};

const struct area AREA_FEED = {
    .name = "feed",
    .jobs = JOBS,
    .start = feed_start,
    .drain = feed_drain,
    .is_busy = feed_is_busy,
    .stop = feed_stop,
};
