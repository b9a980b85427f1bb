#include "shop/feed/feed.h"

#include <assert.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/limits.h"
#include "feed.sql.h"
#include "net/co.h"
#include "net/log.h"
#include "shop/feed/announce.h"
#include "shop/feed/catch_up.h"
#include "shop/feed/cursor.h"
#include "shop/feed/delivered.h"
#include "shop/feed/item.h"
#include "shop/feed/poll.h"
#include "shop/feed/read.h"
#include "shop/feed/sweep.h"
#include "shop/feed/write.h"
#include "task/forget.h"

enum {
	KEEP_DAYS = 30,
	FORGET_MAX = 20000, /* rows per statement */
	/* A backup may lock the partitions for longer: then the next run succeeds. */
	PARTITION_ATTEMPTS = 10,
	PARTITION_RETRY_MS = 1000,
};

static const char FIELD_END[] = "\x1f"; /* of the lines of feed_flush() */

/* The events of a transaction that is not committed yet. */
struct pending {
	struct buf lines;  /* as the SQL functions event_...() write them */
	struct rows *rows; /* result of the statement that writes them */
};

static bool serves;

static void collect(struct db *last, void *arg)
{
	struct pending *pending = arg;

	pending->rows = sql_feed_flush(last, pending->lines.data);
}

static void committed(struct db *db, void *arg)
{
	const struct pending *pending = arg;
	struct buf text = buf_new(db_task(db)->arena, 512);
	size_t count;
	const struct feed_flush_row *row = sql_feed_flush_rows(db, pending->rows, &count);

	for (size_t i = 0; i < count; i++) {
		buf_clear(&text);
		item_json(row[i].number, row[i].kind, row[i].payload, row[i].at, &text);
		announce(row[i].epoch, row[i].owner_id, row[i].number, text.data, text.length);
	}
}

static struct pending *pending_of(struct db *db)
{
	struct pending *pending = db_commit_arg(db, collect);

	if (pending == NULL) {
		pending = arena_alloc(db_task(db)->arena, sizeof(*pending));
		pending->lines = buf_new(db_task(db)->arena, 64);
		db_before_commit(db, collect, pending);
		db_on_commit(db, committed, pending);
	}
	return pending;
}

void feed_write(struct db *db, struct uuid owner, enum event_kind kind, const char *payload)
{
	struct buf *lines = &pending_of(db)->lines;
	char id[UUID_TEXT_LENGTH + 1];

	assert(kind < EVENT_KIND_COUNT && !uuid_is_nil(owner));
	assert(strchr(payload, FIELD_END[0]) == NULL); /* JSON escapes it */
	uuid_format(owner, id);
	const char *fields[] = {id, EVENT_KIND_NAMES[kind], payload};

	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		buf_add_str(lines, fields[i]);
		buf_add_str(lines, FIELD_END);
	}
}

void feed_notify(struct db *db)
{
	(void)pending_of(db);
}

const char *feed_take_lines(struct db *db)
{
	struct buf *lines = &pending_of(db)->lines;
	const char *taken = arena_strdup(db_task(db)->arena, lines->data);

	buf_clear(lines);
	return taken;
}

const char *feed_cursor(struct arena *arena, struct uuid owner, int64_t epoch, int64_t number)
{
	char *text = arena_alloc(arena, CURSOR_LENGTH + 1);

	cursor_encode((struct cursor){.epoch = epoch, .number = number}, owner, text);
	return text;
}

void feed_pass(struct arena *arena, struct uuid owner, enum passing_kind kind, const char *payload)
{
	struct buf text = buf_new(arena, 256);
	struct json json = json_new(&text);

	assert(kind < PASSING_KIND_COUNT && !uuid_is_nil(owner));
	json_open_object(&json);
	json_key(&json, "kind");
	json_str(&json, PASSING_KIND_NAMES[kind]);
	json_key(&json, "at");
	json_time(&json, clock_now_us());
	json_key(&json, "payload");
	json_raw(&json, payload, strlen(payload));
	json_close_object(&json);
	announce_passing(owner, text.data, text.length);
}

int feed_start(const struct area_options *options)
{
	int r = announce_start(options->redis, options->redis_url, options->serves);

	serves = options->serves;
	if (r < 0 || !serves)
		return r;
	hub_start();
	read_start(options->redis);
	read_hook((struct read_hooks){.epoch_changed = polls_all_news, .news = polls_news});
	polls_start();
	r = catch_up_start();
	if (r == 0)
		r = delivered_start();
	return r < 0 ? r : sweep_start();
}

void feed_drain(void)
{
	if (!serves)
		return;
	polls_drain();
	sweep_stop();
	delivered_stop();
}

bool feed_is_busy(void)
{
	return sweep_is_running() || delivered_is_running() || catch_up_is_working();
}

unsigned feed_parked(void)
{
	return polls_count();
}

void feed_stop(void)
{
	announce_stop();
	if (!serves)
		return;
	polls_drain();
	sweep_stop();
	delivered_stop();
	catch_up_stop();
}

static int32_t forget_revocations(struct task *task)
{
	struct db *db = db_of(task);

	return sql_revocations_forget_rows(db, sql_revocations_forget(db, KEEP_DAYS, FORGET_MAX),
	                                   NULL)
	    ->count;
}

void feed_purge(struct task *task)
{
	forget_all(task, forget_revocations, FORGET_MAX);
}

void feed_partition(struct task *task)
{
	struct db *db = db_of(task);

	for (int attempt = 0; attempt < PARTITION_ATTEMPTS; attempt++) {
		/* One after the other: each ends at once while the other runs. */
		int32_t missing =
		    sql_partitions_make_rows(db, sql_partitions_make(db), NULL)->missing;
		int32_t kept = sql_partitions_drop_rows(db, sql_partitions_drop(db), NULL)->kept;

		if (missing == 0 && kept == 0)
			return;
		co_sleep_ms(PARTITION_RETRY_MS);
	}
	LOG_WARNING("partitions are locked");
}
