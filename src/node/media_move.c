#include "node/media_move.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "net/co.h"
#include "net/http_client.h"
#include "net/loop.h"
#include "node/data_folder.h"
#include "node/object_store.h"
#include "node/process.h"
#include "node/say.h"
#include "store/outage.h"

enum {
	WORKERS = 8, /* copies at once: S3 answers after some 50 ms each */
	OBJECT_MS = 15 * 60 * 1000,
	PAGE_ARENA_BYTES = 16 * 1024 * 1024,
	PIECE_ARENA_BYTES = 4 * OBJECT_PIECE_BYTES, /* a piece, and the buffers of its request */
	FAILURES_SHOWN = 20,
	FAILURES_MAX = 100, /* in a row: the store is away */
	POLL_MS = 2,
};

static struct {
	struct objects *from, *to;
	struct object_entry *page;
	size_t page_count, next;
	unsigned busy; /* copies at the moment */
	bool listed;   /* there are no more pages */
	int64_t copied, there, gone, failed, bytes;
	unsigned failures; /* in a row */
	int rc;            /* of a list */
	char reason[256];
} move;

static void keep_reason(const char *store, const char *reason)
{
	(void)store;
	if (reason != NULL)
		snprintf(move.reason, sizeof(move.reason), "%s", reason);
}

/* An object that is read in large pieces. */
struct source {
	const char *key;
	struct arena *arena; /* of the piece */
	struct object_piece piece;
	size_t used;
	int64_t offset, deadline_ms;
};

static long read_source(void *arg, char *bytes, size_t size)
{
	struct source *source = arg;
	size_t count;

	if (source->used == source->piece.length) {
		if (source->offset > 0 && source->offset >= source->piece.total)
			return 0;
		arena_free(source->arena);
		source->arena = arena_new(PIECE_ARENA_BYTES, NULL, NULL);
		source->used = 0;
		int rc = objects_get(move.from, source->arena, source->key, source->offset,
		                     OBJECT_PIECE_BYTES, source->deadline_ms, &source->piece);

		if (rc < 0)
			return rc;
		source->offset += (int64_t)source->piece.length;
	}
	count = source->piece.length - source->used;
	if (count > size)
		count = size;
	if (count > 0)
		memcpy(bytes, source->piece.bytes + source->used, count);
	source->used += count;
	return (long)count;
}

/* Deleted meanwhile, it must not come back: who deletes takes the source's first. */
static int forget_if_gone(const char *key, int64_t deadline_ms)
{
	int64_t bytes;
	int rc = objects_head(move.from, key, deadline_ms, &bytes);

	if (rc != -ENOENT)
		return rc;
	rc = objects_delete(move.to, key, deadline_ms);
	return rc < 0 ? rc : -ENOENT;
}

static void copy_one(const struct object_entry *entry)
{
	struct source source = {.key = entry->key, .deadline_ms = loop_now_ms() + OBJECT_MS};
	int64_t bytes;
	int rc = objects_head(move.to, entry->key, source.deadline_ms, &bytes);

	/* What is there is whole, and newer where it differs: servers put it there. */
	if (rc == 0) {
		move.there++;
		move.failures = 0;
		return;
	}
	if (rc == -ENOENT) {
		rc = objects_put_stream(move.to, entry->key, read_source, &source,
		                        source.deadline_ms);
		arena_free(source.arena);
		if (rc == 0)
			rc = forget_if_gone(entry->key, source.deadline_ms);
	}
	if (rc == 0) {
		move.copied++;
		move.bytes += entry->bytes;
	} else if (rc == -ENOENT) {
		move.gone++;
	} else if (++move.failed <= FAILURES_SHOWN) {
		say("%s: %s", entry->key, move.reason[0] != '\0' ? move.reason : strerror(-rc));
	}
	move.failures = rc == 0 || rc == -ENOENT ? 0 : move.failures + 1;
}

static bool is_away(void)
{
	return move.failures >= FAILURES_MAX;
}

/* One of several, which share the page. */
static void work(void *arg)
{
	(void)arg;
	while (!move.listed || move.next < move.page_count) {
		if (move.next == move.page_count || is_away()) {
			co_sleep_ms(POLL_MS);
			continue;
		}
		move.busy++;
		copy_one(&move.page[move.next++]);
		move.busy--;
	}
}

static void copy_page(void)
{
	while ((move.next < move.page_count && !is_away()) || move.busy > 0)
		co_sleep_ms(POLL_MS);
	move.next = move.page_count = 0;
}

static void list(void *arg)
{
	char after[OBJECT_KEY_MAX + 1] = "";
	size_t count = 0;

	(void)arg;
	do {
		struct arena *arena = arena_new(PAGE_ARENA_BYTES, NULL, NULL);

		move.rc = objects_list(move.from, arena, "", after, OBJECT_LIST_MAX,
		                       loop_now_ms() + OBJECT_MS, &count, &move.page);
		if (move.rc == 0 && count > 0) {
			snprintf(after, sizeof(after), "%s", move.page[count - 1].key);
			move.page_count = count;
			copy_page();
		}
		arena_free(arena);
	} while (move.rc == 0 && count == OBJECT_LIST_MAX && !is_away());
	move.listed = true;
	loop_stop();
}

static bool start_fibers(void)
{
	for (int i = 0; i < WORKERS; i++)
		if (co_start(work, NULL) != 0)
			return false;
	return co_start(list, NULL) == 0;
}

static int report(const char *to)
{
	if (move.rc < 0)
		say("the source cannot be listed: %s",
		    move.reason[0] != '\0' ? move.reason : strerror(-move.rc));
	if (is_away())
		say("stopped, because the store fails: run it again to go on");
	printf("to %s: %" PRId64 " copied (%" PRId64 " bytes), %" PRId64 " there already, %" PRId64
	       " deleted meanwhile, %" PRId64 " failed\n",
	       to, move.copied, move.bytes, move.there, move.gone, move.failed);
	return move.rc == 0 && move.failed == 0 ? 0 : 1;
}

static int move_objects(const struct config *config, const struct secret *secret, int fd,
                        const char *to)
{
	bool to_s3 = strcmp(to, "s3") == 0;
	int status = 1;

	outage_report(keep_reason);
	if (process_start_http_client(config) == 0 &&
	    object_store_open_one(config, secret, fd, !to_s3, &move.from) == 0 &&
	    object_store_open_one(config, secret, fd, to_s3, &move.to) == 0 && start_fibers()) {
		loop_run();
		status = report(to);
	}
	http_client_stop();
	objects_close(move.from);
	objects_close(move.to);
	return status;
}

int media_move_main(const struct config *config, const char *to)
{
	static struct data_folder data_folder;
	struct secret secret;
	int fd, status;

	if (config->s3_bucket[0] == '\0') {
		say("media move: S3_BUCKET must be set");
		return 2;
	}
	if (data_folder_become_owner(config) < 0 || data_folder_open(config, &data_folder) < 0 ||
	    secret_find(config, data_folder.data, &secret) < 0)
		return 1;
	if (data_folder.absent) {
		say("media move: there is no folder %s/objects that can be used", data_folder.data);
		return 1;
	}
	fd = object_store_folder(&data_folder);
	if (fd < 0)
		return 1;
	status = move_objects(config, &secret, fd, to);
	explicit_bzero(&secret, sizeof(secret));
	close(fd);
	return status;
}
