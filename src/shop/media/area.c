/* The area of images and files (shop/area.h). */
#include <assert.h>
#include <errno.h>

#include "shop/media/media.h"
#include "shop/media/upload.h"
#include "task/db_error.h"
#include "task/job.h"
#include "web/limit.h"

const struct problem_code PROBLEM_QUOTA[1] = {
    {"quota_exceeded", 409, "Too many files"},
};
const struct problem_code PROBLEM_PARTS_MISSING[1] = {
    {"parts_missing", 409, "Parts of the file are missing"},
};

static struct objects *store;
static struct redis *redis;

struct objects *media_objects(void)
{
	assert(store != NULL);
	return store;
}

struct redis *media_redis(void)
{
	return redis;
}

void media_end_store(struct task *task, int rc)
{
	if (rc == -EAGAIN || rc == -ETIMEDOUT)
		task_end(task, PROBLEM_UNAVAILABLE, "The store of files does not answer.");
	task_end(task, PROBLEM_INTERNAL, "The store of files has failed.");
}

static int start(const struct area_options *options)
{
	store = options->objects;
	redis = options->redis;
	return 0;
}

static const struct db_refusal REFUSALS[] = {
    {"SBU01", PROBLEM_QUOTA, NULL},
    /* An upload with the same bytes was made or removed meanwhile: the next attempt sees it. */
    {"SBU02", PROBLEM_OVERLOADED, NULL},
    {0},
};

static const struct limit_rule LIMITS[] = {
    /* a vendor's import of a folder of pictures: two calls for each */
    {"upload", LIMIT_BY_ACCOUNT, 600, 60},
    {0},
};

enum { MEASURE_MS = 15 * 1000 }; /* the usual scrape interval of metrics */

static const struct job JOBS[] = {
    {"measure_uploads", MEASURE_MS, media_measure},
    {"expire_uploads", JOB_AT_SETTING, media_expire},
    {"show_uploads", JOB_AT_SETTING, media_show},
    {"remove_uploads", JOB_AT_SETTING, media_remove},
    {0},
};

const struct area AREA_MEDIA = {
    .name = "media",
    .refusals = REFUSALS,
    .limits = LIMITS,
    .jobs = JOBS,
    .start = start,
};
