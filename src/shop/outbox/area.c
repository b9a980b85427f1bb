/* What the outbox contributes (shop/area.h). */
#include "shop/outbox/outbox.h"
#include "task/job.h"

static const struct job JOBS[] = {
    {"outbox", JOB_AT_SETTING, outbox_deliver},
    {"purge_outbox", JOB_HOURLY, outbox_purge},
    {0},
};

const struct area AREA_OUTBOX = {
    .name = "outbox",
    .jobs = JOBS,
};
