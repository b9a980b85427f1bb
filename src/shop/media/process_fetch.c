#include "shop/media/process_fetch.h"

#include <assert.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include "net/log.h"
#include "net/loop.h"

enum {
	SETTLE_MS = FETCH_DATABASE_MS,
	AGAIN_S = 2, /* after the first failure; then four times as long each time */
	AGAIN_FACTOR = 4,
	OURS_AGAIN_S = 5, /* after a failure of the store or of ours */
	/* A host that has failed so often in a row, with a minute between at last, is given up for
	 * all pictures that wait for it, so many at each further failure. */
	HOST_FAILURES_MAX = 30,
	GIVEN_UP_COUNT = 1000,
};

_Static_assert(offsetof(struct fetching, task) == 0, "a task is cast to it");

static enum fetch_outcome keep(struct fetching *fetching)
{
	const struct upload_fetch_claim_row *row = fetching->row;
	struct media_fetched fetched = {
	    .id = *row->id,
	    .fd = fetching->fd,
	    .bytes = fetching->bytes,
	    .etag = fetching->etag,
	    .parts_before = row->part_count != NULL ? *row->part_count : 0,
	};

	switch (media_fetched_keep(&fetching->task, &fetching->all->store, &fetched)) {
	case MEDIA_KEPT:
		return FETCH_GOOD;
	case MEDIA_NO_ROOM:
		fetching->failure = UPLOAD_FAILURE_QUOTA_EXCEEDED;
		return FETCH_FAILED;
	case MEDIA_STORE_FAILED:
		break;
	}
	return FETCH_LATER;
}

/* Settling. */

static int32_t wait_of(const struct fetching *fetching)
{
	int32_t wait_s = AGAIN_S;

	if (fetching->after_s > 0)
		return fetching->after_s;
	for (int32_t i = 1; i < *fetching->row->attempts; i++)
		wait_s *= AGAIN_FACTOR;
	return wait_s;
}

static void settle_host(struct fetching *fetching, enum fetch_outcome outcome)
{
	struct db *db = db_of(&fetching->task);
	const char *host = fetching->host;
	int32_t failures;

	if (outcome == FETCH_LATER || outcome == FETCH_WAITS)
		return;
	if (outcome != FETCH_AGAIN) {
		sql_fetch_host_answers(db, host);
		return;
	}
	failures =
	    sql_fetch_host_fails_rows(db, sql_fetch_host_fails(db, host, fetching->after_s), NULL)
	        ->failures;
	if (failures >= HOST_FAILURES_MAX)
		sql_fetch_host_given_up(db, host, GIVEN_UP_COUNT);
}

static void fail(struct fetching *fetching)
{
	const struct upload_fetch_claim_row *row = fetching->row;

	sql_upload_fetch_end(
	    db_of(&fetching->task), *row->id, UPLOAD_FAILURE_NAMES[fetching->failure],
	    fetching->status != 0 && fetching->status != 200 ? &fetching->status : NULL);
	media_counts.failed[fetching->failure]++;
}

/* The picture is fetched again after so long: from where it led, unless that is gone. */
static void postpone(struct fetching *fetching, int32_t after_s, bool counts, bool is_gone)
{
	bool was_led = strcmp(fetching->url, fetching->row->source_url) != 0;

	sql_upload_fetch_again(db_of(&fetching->task), *fetching->row->id, after_s, counts,
	                       was_led && !is_gone ? fetching->url : NULL);
}

/* What the server, or those that it led to, made of the attempt. */
static void settle_attempt(struct fetching *fetching, enum fetch_outcome outcome)
{
	const struct upload_fetch_claim_row *row = fetching->row;
	bool is_over = outcome == FETCH_FAILED || *row->attempts >= FETCH_ATTEMPTS_MAX;

	if (outcome == FETCH_WAITS && row->turned_url == NULL) {
		postpone(fetching, 0, false, false);
	} else if (outcome == FETCH_WAITS && !is_over) {
		postpone(fetching, 0, true, false);
	} else if (outcome == FETCH_ANEW && !is_over) {
		postpone(fetching, 0, true, true);
	} else if (*row->checks) { /* a picture that is there stays, whatever its server says */
		sql_upload_fetch_keep(db_of(&fetching->task), *row->id, fetching->etag);
		media_counts.unchanged += outcome == FETCH_UNCHANGED;
	} else if (is_over) {
		fail(fetching);
	} else {
		postpone(fetching, wait_of(fetching), true, false);
		media_counts.fetched_again++;
	}
}

static void settle(struct fetching *fetching, enum fetch_outcome outcome)
{
	const struct upload_fetch_claim_row *row = fetching->row;

	if (outcome == FETCH_GOOD)
		media_counts.fetched++;
	else if (outcome == FETCH_CHANGED)
		sql_upload_succeed(db_of(&fetching->task), *row->id, uuid_v7());
	else if (outcome == FETCH_LATER)
		postpone(fetching, OURS_AGAIN_S, false, false);
	else
		settle_attempt(fetching, outcome);
}

/* Claiming. */

static bool claim(struct fetching *fetching)
{
	struct media_fetchers *all = fetching->all;
	struct db *db = db_of(&fetching->task);

	fetching->row = sql_upload_fetch_claim_rows(
	    db,
	    sql_upload_fetch_claim(db, all->last, fetch_busy_vendors(fetching),
	                           fetch_busy_hosts(fetching), all->interval_ms, MEDIA_LEASE_S),
	    NULL);
	all->last = fetching->row->passed;
	if (fetching->row->id == NULL)
		return false;
	assert(fetching->row->source_host != NULL && fetching->row->checks != NULL &&
	       fetching->row->vendor_id != NULL);
	fetching->fetcher->claimed = *fetching->row->id;
	fetching->fetcher->vendor = *fetching->row->vendor_id;
	fetching->fetcher->host = fetching->host = fetching->row->source_host;
	fetching->url = fetching->row->source_url;
	if (fetching->row->turned_url != NULL) {
		fetching->url = fetching->row->turned_url;
		fetching->left = true;
	}
	all->found();
	return true;
}

static void run(struct task *task)
{
	struct fetching *fetching = (struct fetching *)(void *)task;
	enum fetch_outcome outcome;

	if (!claim(fetching))
		return;
	outcome = fetch_has_share(fetching) ? fetch_ask(fetching) : FETCH_LATER;
	if (outcome == FETCH_GOOD)
		outcome = keep(fetching);
	task->deadline_ms = loop_now_ms() + SETTLE_MS;
	fetching->fetcher->claimed = (struct uuid){0};
	settle_host(fetching, outcome);
	settle(fetching, outcome);
}

int32_t media_fetch_next(struct media_fetchers *all, struct media_fetcher *fetcher)
{
	struct fetching fetching = {
	    .task = {.deadline_ms = loop_now_ms() + SETTLE_MS,
	             .actor = {.kind = ACTOR_MEDIA},
	             .name = "fetch"},
	    .all = all,
	    .fetcher = fetcher,
	    .fd = -1,
	};
	int32_t wait_ms = media_store_wait_ms(&all->store, fetcher);

	if (wait_ms > 0)
		return wait_ms;
	wait_ms = INT32_MAX;
	uuid_format(uuid_v7(), fetching.task.request_id);
	fetching.task.arena = arena_new(LIMIT_REQUEST_ARENA_BYTES, task_arena_full, &fetching.task);
	if (!task_run(&fetching.task, run))
		LOG_WARNING("a picture was not fetched: it comes again when its lease ends",
		            log_str("detail", fetching.task.problem.detail),
		            log_str("reason", fetching.task.problem.log));
	else if (fetching.row->id != NULL)
		wait_ms = 0;
	else if (fetching.row->wait_ms != NULL)
		wait_ms = *fetching.row->wait_ms > 0 ? *fetching.row->wait_ms : 1;
	media_store_tried(&all->store, fetcher);
	*fetcher = (struct media_fetcher){0};
	if (fetching.fd >= 0)
		close(fetching.fd);
	arena_free(fetching.task.arena);
	return wait_ms;
}
