#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/uuid.h"
#include "net/co.h"
#include "net/http_client.h"
#include "net/loop.h"
#include "node/object_store.h"
#include "node/process.h"
#include "store/outage.h"

enum { PROBE_MS = 15000, ARENA_BYTES = 8 * 1024 * 1024 };

static struct {
	struct objects *objects;
	const char *step; /* that failed */
	int rc;
	char reason[256]; /* of the store */
} probe;

static void keep_reason(const char *store, const char *reason)
{
	if (reason != NULL && strcmp(store, "objects") == 0)
		snprintf(probe.reason, sizeof(probe.reason), "%s", reason);
}

/* Codes of S3 that a setting or the machine causes. */
static const char *hint(void)
{
	static const char *const HINTS[][2] = {
	    {"RequestTimeTooSkewed", "the clock of this machine is wrong"},
	    {"SignatureDoesNotMatch", "the secret of the key is wrong"},
	    {"InvalidAccessKeyId", "the key does not exist"},
	    {"AccessDenied", "the key may not do this"},
	    {"NoSuchBucket", "create it, or correct S3_BUCKET"},
	    {"AuthorizationHeaderMalformed", "S3_REGION is not the bucket's"},
	    {"PermanentRedirect", "S3_REGION or S3_ENDPOINT is not the bucket's"},
	};

	for (size_t i = 0; i < sizeof(HINTS) / sizeof(HINTS[0]); i++)
		if (strstr(probe.reason, HINTS[i][0]) != NULL)
			return HINTS[i][1];
	return probe.rc == -ENOSPC ? "the disk is full" : NULL;
}

static int compare(struct arena *arena, const char *key, const char *text, int64_t deadline_ms)
{
	struct object_piece piece;
	int rc = objects_get(probe.objects, arena, key, 0, 100, deadline_ms, &piece);

	if (rc == 0 &&
	    (piece.length != strlen(text) || memcmp(piece.bytes, text, piece.length) != 0))
		rc = -EBADMSG;
	return rc;
}

static void run(void *arg)
{
	int64_t deadline_ms;
	struct arena *arena = arena_new(ARENA_BYTES, NULL, NULL);
	char id[UUID_TEXT_LENGTH + 1];
	const char *key;

	(void)arg;
	co_sleep_ms(1); /* the loop's clock stands still while the loop does not run */
	deadline_ms = loop_now_ms() + PROBE_MS;
	uuid_format(uuid_v7(), id);
	key = arena_printf(arena, OBJECTS_INCOMING "%s/0", id);
	probe.step = "writing";
	probe.rc = objects_put(probe.objects, key, id, strlen(id), deadline_ms);
	if (probe.rc == 0) {
		probe.step = "reading";
		probe.rc = compare(arena, key, id, deadline_ms);
		int rc = objects_delete(probe.objects, key, deadline_ms);

		if (probe.rc == 0 && rc < 0) {
			probe.step = "deleting";
			probe.rc = rc;
		}
	}
	arena_free(arena);
	loop_stop();
}

bool object_store_probe(const struct config *config, const struct secret *secret, int fd,
                        bool in_s3, char *ret_detail, size_t size)
{
	const char *why;

	memset(&probe, 0, sizeof(probe));
	outage_report(keep_reason);
	snprintf(ret_detail, size, "see above");
	if (process_start_http_client(config) < 0)
		return false;
	if (object_store_open_one(config, secret, fd, in_s3, &probe.objects) == 0 &&
	    co_start(run, NULL) == 0)
		loop_run();
	else
		probe.rc = -EIO;
	http_client_stop();
	objects_close(probe.objects);
	if (probe.step == NULL)
		return false;
	if (probe.rc == 0) {
		snprintf(ret_detail, size, "wrote, read and deleted an object");
		return true;
	}
	why = hint();
	snprintf(ret_detail, size, "%s an object failed: %s%s%s%s", probe.step,
	         probe.reason[0] != '\0' ? probe.reason : strerror(-probe.rc),
	         why != NULL ? " (" : "", why != NULL ? why : "", why != NULL ? ")" : "");
	return false;
}
