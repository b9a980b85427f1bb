/* The area of copies of people's data (shop/area.h). */
#include "shop/exports/exports.h"

#include <assert.h>
#include <stddef.h>

#include "task/job.h"

static struct objects *store;

struct objects *exports_store(void)
{
	assert(store != NULL); /* after the start */
	return store;
}

static int start(const struct area_options *options)
{
	store = options->objects;
	return 0;
}

static const struct job JOBS[] = {
    {"make_exports", JOB_AT_SETTING, exports_make},
    {"expire_exports", JOB_AT_SETTING, exports_expire},
    {0},
};

const struct area AREA_EXPORTS = {
    .name = "exports",
    .start = start,
    .jobs = JOBS,
};
