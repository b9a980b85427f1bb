/* The outbox area (shop/area.h). */
#include "shop/outbox/outbox.h"
#include "task/job.h"

enum { MEASURE_MS = 15 * 1000 }; /* the usual scrape interval of metrics */

static const struct job JOBS[] = {
    {"deliveries", JOB_AT_SETTING, outbox_dispatch},
    {"measure_outbox", MEASURE_MS, outbox_measure},
    {"purge_outbox", JOB_HOURLY, outbox_purge},
    {0},
};

static int start(const struct area_options *options)
{
	struct outbox_options defaults = outbox_defaults();

	if (!options->serves)
		outbox_start(&defaults);
	return 0;
}

const struct area AREA_OUTBOX = {
    .name = "outbox",
    .jobs = JOBS,
    .start = start,
    .drain = outbox_drain,
    .is_busy = outbox_is_busy,
};
