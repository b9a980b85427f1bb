#include "shop/media/process.h"

#include <assert.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "net/log.h"
#include "net/loop.h"
#include "shop/feed/feed.h"
#include "shop/media/process_internal.h"
#include "shop/media/purposes.h"

enum {
	WORK_MS = 5 * 60 * 1000, /* of one upload; a slow store takes longest */
	STORE_MS = 60 * 1000,    /* of one call of the store */
	SETTLE_MS = 20 * 1000,   /* beyond WORK_MS */
	ATTEMPTS_MAX = 3,        /* that a worker or process may die of */
	TOLD_MS = 60 * 1000,     /* until the same reason to wait is told again */
};

_Static_assert(MEDIA_RENEW_MS * 2 < MEDIA_LEASE_S * 1000, "one renewal may fail");
_Static_assert(offsetof(struct media_work, task) == 0, "a task is cast to its work");
_Static_assert(MEDIA_FAILURES_COUNTED == (int)UPLOAD_FAILURE_COUNT, "a count for each");

struct media_counts media_counts;

struct media_counts media_process_counts(void)
{
	return media_counts;
}

enum work_outcome work_failed(struct media_work *work, enum upload_failure_choice failure)
{
	work->failure = failure;
	return WORK_FAILED;
}

enum work_outcome work_later(struct media_work *work, const char *why)
{
	work->why = why;
	return WORK_LATER;
}

enum work_outcome work_store_failed(struct media_work *work, int rc)
{
	assert(rc < 0);
	return work_later(work,
	                  arena_printf(work->task.arena, "the store of files: %s", strerror(-rc)));
}

int64_t work_store_deadline(const struct media_work *work)
{
	int64_t deadline_ms = loop_now_ms() + STORE_MS;

	return deadline_ms < work->task.deadline_ms ? deadline_ms : work->task.deadline_ms;
}

static const char *id_text(const struct media_work *work)
{
	char *text = arena_alloc(work->task.arena, UUID_TEXT_LENGTH + 1);

	uuid_format(work->row->id, text);
	return text;
}

/* The state and its event in one transaction. Nothing happens when another process was faster. */
static void fail(struct media_work *work)
{
	const struct upload_claim_row *row = work->row;
	struct db *tx = db_begin(&work->task);

	if (rows_count(sql_upload_fail(tx, row->id, UPLOAD_FAILURE_NAMES[work->failure])) == 0)
		return; /* rolls back */
	if (row->account_id != NULL)
		feed_write_upload_failed(tx, *row->account_id,
		                         &(struct event_upload_failed){
		                             .upload_id = row->id,
		                             .purpose = purpose_named(row->purpose),
		                             .failure = work->failure,
		                         });
	db_commit(tx);
	media_counts.failed[work->failure]++;
}

/* Once, however many uploads wait for the same reason. */
static void tell_later(const struct media_work *work)
{
	static char told[128];
	static int64_t quiet_until_ms;

	if (loop_now_ms() < quiet_until_ms && strncmp(told, work->why, sizeof(told) - 1) == 0)
		return;
	snprintf(told, sizeof(told), "%s", work->why);
	quiet_until_ms = loop_now_ms() + TOLD_MS;
	LOG_WARNING("an upload waits", log_str("upload_id", id_text(work)),
	            log_str("work", work->row->work), log_str("reason", work->why));
}

static void settle(struct media_work *work, enum work_outcome outcome)
{
	struct db *db = db_of(&work->task);

	work->task.deadline_ms = loop_now_ms() + SETTLE_MS;
	switch (outcome) {
	case WORK_GOOD:
		return;
	case WORK_FAILED:
		fail(work);
		return;
	case WORK_AGAIN:
		sql_upload_release(db, work->row->id);
		return;
	case WORK_LATER:
		media_counts.postponed++;
		tell_later(work);
		sql_upload_postpone(db, work->row->id);
		return;
	}
}

static enum work_outcome do_work(struct media_work *work)
{
	if (strcmp(work->row->work, "tidy") == 0)
		return work_tidy(work);
	if (strcmp(work->row->work, "avif") == 0)
		return work->row->attempts > ATTEMPTS_MAX ? work_tidy(work) : work_avif(work);
	assert(strcmp(work->row->work, "publish") == 0);
	if (work->row->attempts > ATTEMPTS_MAX)
		return work_failed(work, UPLOAD_FAILURE_TOO_COMPLEX);
	return work_publish(work);
}

static void run(struct task *task)
{
	struct media_work *work = (struct media_work *)(void *)task;
	struct db *db = db_of(task);
	enum work_outcome outcome;

	if (!uuid_is_nil(work->hand->owed))
		sql_upload_refund(db, work->hand->owed);
	work->hand->owed = (struct uuid){0};
	work->row = sql_upload_claim_rows(
	    db, sql_upload_claim(db, MEDIA_LEASE_S, work->hand->priority_max), NULL);
	if (work->row == NULL)
		return;
	work->hand->claimed = work->row->id;
	outcome = do_work(work);
	work->hand->claimed = (struct uuid){0};
	settle(work, outcome);
}

static void close_files(struct media_work *work)
{
	if (work->original >= 0)
		close(work->original);
	for (size_t i = 0; i < work->examined.count; i++)
		close(work->examined.made[i].fd);
}

bool media_process_next(struct media_hand *hand)
{
	struct media_work work = {
	    .task = {.deadline_ms = loop_now_ms() + WORK_MS,
	             .actor = {.kind = ACTOR_MEDIA},
	             .name = "media"},
	    .hand = hand,
	    .original = -1,
	};
	bool good;

	uuid_format(uuid_v7(), work.task.request_id);
	work.task.arena = arena_new(LIMIT_REQUEST_ARENA_BYTES, task_arena_full, &work.task);
	good = task_run(&work.task, run);
	hand->claimed = (struct uuid){0};
	if (!good)
		LOG_WARNING("work on an upload failed: it comes again when its lease ends",
		            log_str("upload_id", work.row != NULL ? id_text(&work) : NULL),
		            log_str("detail", work.task.problem.detail),
		            log_str("reason", work.task.problem.log));
	if (!good && work.row != NULL && work.task.problem.code->status == 503)
		hand->owed = work.row->id;
	good = good && work.row != NULL && work.why == NULL;
	close_files(&work);
	arena_free(work.task.arena);
	return good;
}

/* A task of its own. */
struct renewal {
	struct task task; /* must be first: cast to the struct */
	size_t count;
	const struct uuid *claimed;
};

static void renew(struct task *task)
{
	const struct renewal *renewal = (struct renewal *)(void *)task;
	struct uuid *ids = arena_array(task->arena, renewal->count, sizeof(*ids));
	size_t count = 0;

	for (size_t i = 0; i < renewal->count; i++)
		if (!uuid_is_nil(renewal->claimed[i]))
			ids[count++] = renewal->claimed[i];
	if (count > 0)
		sql_uploads_renew(db_of(task), (struct uuid_array){count, ids}, MEDIA_LEASE_S);
}

void media_process_renew(size_t count, const struct uuid claimed[])
{
	struct renewal renewal = {
	    .task = {.deadline_ms = loop_now_ms() + MEDIA_RENEW_MS,
	             .actor = {.kind = ACTOR_MEDIA},
	             .name = "renew_uploads"},
	    .count = count,
	    .claimed = claimed,
	};

	uuid_format(uuid_v7(), renewal.task.request_id);
	renewal.task.arena = arena_new(LIMIT_REQUEST_ARENA_BYTES, task_arena_full, &renewal.task);
	if (!task_run(&renewal.task, renew))
		LOG_WARNING("leases of uploads were not renewed",
		            log_str("detail", renewal.task.problem.detail));
	arena_free(renewal.task.arena);
}
