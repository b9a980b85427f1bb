#include <assert.h>
#include <errno.h>
#include <sodium.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fetch.sql.h"
#include "net/http_client.h"
#include "net/log.h"
#include "net/loop.h"
#include "shop/media/process_internal.h"
#include "shop/media/purposes.h"

enum {
	FETCH_MS = 60 * 1000, /* of one picture, with its redirects */
	SETTLE_MS = 20 * 1000,
	ATTEMPTS_MAX = 5, /* that a server or network may fail */
	AGAIN_S = 2,      /* after the first failure; then four times as long each time */
	AGAIN_FACTOR = 4,
	AGAIN_MAX_S = 60 * 60, /* whatever the server asks for */
	OURS_AGAIN_S = 5,      /* after a failure of the store or of ours */
	/* A host that has failed so often in a row, with a minute between at last, is given up for
	 * all pictures that wait for it, so many at each further failure. */
	HOST_FAILURES_MAX = 30,
	GIVEN_UP_COUNT = 1000,
	ETAG_BYTES = 500,
};

enum fetch_outcome {
	FETCH_GOOD,
	FETCH_UNCHANGED,
	FETCH_CHANGED, /* a picture that was there before */
	FETCH_FAILED,  /* for good */
	FETCH_AGAIN,   /* because of the server or the network */
	FETCH_LATER,   /* because of us */
};

struct fetching {
	struct task task; /* must be first: cast to the struct */
	struct media_fetchers *all;
	struct media_fetcher *fetcher;
	const struct upload_fetch_claim_row *row;
	int fd; /* of the bytes; -1: none */
	int64_t bytes;
	crypto_hash_sha256_state hash;
	const char *etag;
	enum upload_failure_choice failure; /* of FETCH_FAILED, and of FETCH_AGAIN at the end */
	int32_t status;                     /* of HTTP; 0: no answer */
	int32_t after_s;                    /* that the server asks for; 0: it does not */
};

_Static_assert(offsetof(struct fetching, task) == 0, "a task is cast to it");

static enum fetch_outcome failed(struct fetching *fetching, enum upload_failure_choice failure)
{
	fetching->failure = failure;
	return FETCH_FAILED;
}

static enum fetch_outcome again(struct fetching *fetching)
{
	fetching->failure = UPLOAD_FAILURE_UNREACHABLE;
	return FETCH_AGAIN;
}

/* Asking. */

static int take(void *arg, const char *bytes, size_t length)
{
	struct fetching *fetching = arg;

	crypto_hash_sha256_update(&fetching->hash, (const unsigned char *)bytes, length);
	fetching->bytes += (int64_t)length;
	while (length > 0) {
		ssize_t count = write(fetching->fd, bytes, length);

		if (count < 0 && errno != EINTR)
			return -ENOMEM;
		if (count > 0) {
			bytes += count;
			length -= (size_t)count;
		}
	}
	return 0;
}

static enum fetch_outcome judge_error(struct fetching *fetching, int rc)
{
	switch (rc) {
	case -EAGAIN: /* too many calls, no memory, or the process ends */
	case -ENOMEM:
	case -ECANCELED:
		return FETCH_LATER;
	case -EMSGSIZE:
		return failed(fetching, UPLOAD_FAILURE_TOO_LARGE);
	case -EACCES:
	case -EINVAL:
	case -ELOOP:
		return failed(fetching, UPLOAD_FAILURE_REFUSED);
	default:
		return again(fetching);
	}
}

static int32_t retry_after(const struct http_client_response *response)
{
	const char *value = http_client_header(response, "Retry-After");
	long seconds = value != NULL ? strtol(value, NULL, 10) : 0; /* of a date: 0 */

	return seconds < 0 ? 0 : seconds > AGAIN_MAX_S ? AGAIN_MAX_S : (int32_t)seconds;
}

/* As it is kept and sent again: visible ASCII. */
static const char *etag_of(struct arena *arena, const struct http_client_response *response)
{
	const char *etag = http_client_header(response, "ETag");

	if (etag == NULL || strlen(etag) > ETAG_BYTES)
		return NULL;
	for (const char *c = etag; *c != 0; c++)
		if ((unsigned char)*c < ' ' || (unsigned char)*c >= 0x7f)
			return NULL;
	return arena_strdup(arena, etag);
}

static enum fetch_outcome judge_bytes(struct fetching *fetching)
{
	const struct bytes *before = fetching->row->sha256;
	uint8_t sha256[SHA256_BYTES];

	crypto_hash_sha256_final(&fetching->hash, sha256);
	if (fetching->bytes == 0)
		return failed(fetching, UPLOAD_FAILURE_MISSING_BYTES);
	if (!*fetching->row->checks)
		return FETCH_GOOD;
	return before != NULL && memcmp(before->data, sha256, SHA256_BYTES) == 0 ? FETCH_UNCHANGED
	                                                                         : FETCH_CHANGED;
}

static enum fetch_outcome judge_answer(struct fetching *fetching,
                                       const struct http_client_response *response)
{
	int status = response->status;

	fetching->status = status;
	fetching->etag = etag_of(fetching->task.arena, response);
	if (status == 200)
		return judge_bytes(fetching);
	if (status == 304 && *fetching->row->checks)
		return FETCH_UNCHANGED;
	if (status == 404 || status == 410)
		return failed(fetching, UPLOAD_FAILURE_NOT_FOUND);
	if (status != 408 && status != 425 && status != 429 && status < 500)
		return failed(fetching, UPLOAD_FAILURE_REFUSED);
	fetching->after_s = retry_after(response);
	return again(fetching);
}

static enum fetch_outcome ask(struct fetching *fetching)
{
	const struct upload_fetch_claim_row *row = fetching->row;
	struct http_header headers[] = {{"Accept", "image/*"}, {"If-None-Match", row->etag}};
	struct http_client_response response;
	int rc;

	fetching->fd = memfd_create("fetched", MFD_CLOEXEC);
	if (fetching->fd < 0)
		return FETCH_LATER;
	crypto_hash_sha256_init(&fetching->hash);
	rc = http_client_send(
	    fetching->task.arena,
	    &(struct http_client_request){
	        .url = row->source_url,
	        .headers = headers,
	        .header_count = *row->checks && row->etag != NULL ? 2 : 1,
	        .body_max = (size_t)purpose_of(UPLOAD_PURPOSE_PRODUCT_IMAGE)->image_bytes_max,
	        .redirects_max = LIMIT_CLIENT_REDIRECTS,
	        .take = take,
	        .take_arg = fetching,
	    },
	    loop_now_ms() + FETCH_MS, &response);
	LOG_DEBUG("a picture was asked for", log_str("url", row->source_url),
	          log_int("status", response.status), log_str("error", response.error));
	return rc < 0 ? judge_error(fetching, rc) : judge_answer(fetching, &response);
}

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
		return failed(fetching, UPLOAD_FAILURE_QUOTA_EXCEEDED);
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
	const char *host = fetching->row->source_host;
	struct db *db = db_of(&fetching->task);
	int32_t failures;

	if (outcome == FETCH_LATER)
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

static void settle(struct fetching *fetching, enum fetch_outcome outcome)
{
	const struct upload_fetch_claim_row *row = fetching->row;
	struct db *db = db_of(&fetching->task);
	bool is_over = outcome == FETCH_FAILED || *row->attempts >= ATTEMPTS_MAX;

	if (outcome == FETCH_GOOD) {
		media_counts.fetched++;
		return;
	}
	if (outcome == FETCH_CHANGED) {
		sql_upload_succeed(db, *row->id, uuid_v7());
	} else if (outcome == FETCH_LATER) {
		sql_upload_fetch_again(db, *row->id, OURS_AGAIN_S, false);
	} else if (*row->checks) { /* a picture that is there stays, whatever its server says */
		sql_upload_fetch_keep(db, *row->id, fetching->etag);
		media_counts.unchanged += outcome == FETCH_UNCHANGED;
	} else if (is_over) {
		fail(fetching);
	} else {
		sql_upload_fetch_again(db, *row->id, wait_of(fetching), true);
		media_counts.fetched_again++;
	}
}

/* Claiming. */

static struct text_array busy_hosts(const struct fetching *fetching)
{
	const char **hosts = arena_array(fetching->task.arena, MEDIA_FETCHERS, sizeof(hosts[0]));
	size_t count = 0;

	for (size_t i = 0; i < MEDIA_FETCHERS; i++) {
		const char *host = fetching->all->each[i].host;
		int same = 0;

		for (size_t j = 0; host != NULL && j < MEDIA_FETCHERS; j++)
			same += fetching->all->each[j].host != NULL &&
			        strcmp(fetching->all->each[j].host, host) == 0;
		if (same >= LIMIT_HOST_FETCHES)
			hosts[count++] = host;
	}
	return (struct text_array){count, hosts};
}

/* Those that have their share of the fetchers, so that slow hosts of theirs delay no others. */
static struct uuid_array busy_vendors(const struct fetching *fetching)
{
	const struct media_fetcher *each = fetching->all->each;
	struct uuid *vendors = arena_array(fetching->task.arena, MEDIA_FETCHERS, sizeof(*vendors));
	size_t count = 0;

	for (size_t i = 0; i < MEDIA_FETCHERS; i++) {
		int same = 0;

		for (size_t j = 0; each[i].host != NULL && j < MEDIA_FETCHERS; j++)
			same += each[j].host != NULL && uuid_equal(each[j].vendor, each[i].vendor);
		if (same >= LIMIT_VENDOR_FETCHES)
			vendors[count++] = each[i].vendor;
	}
	return (struct uuid_array){count, vendors};
}

static bool claim(struct fetching *fetching)
{
	struct media_fetchers *all = fetching->all;
	struct db *db = db_of(&fetching->task);

	fetching->row = sql_upload_fetch_claim_rows(
	    db,
	    sql_upload_fetch_claim(db, all->last, busy_vendors(fetching), busy_hosts(fetching),
	                           all->interval_ms, MEDIA_LEASE_S),
	    NULL);
	all->last = fetching->row->passed;
	if (fetching->row->id == NULL)
		return false;
	assert(fetching->row->source_host != NULL && fetching->row->checks != NULL &&
	       fetching->row->vendor_id != NULL);
	fetching->fetcher->claimed = *fetching->row->id;
	fetching->fetcher->vendor = *fetching->row->vendor_id;
	fetching->fetcher->host = fetching->row->source_host;
	all->found();
	return true;
}

static void run(struct task *task)
{
	struct fetching *fetching = (struct fetching *)(void *)task;
	enum fetch_outcome outcome;

	if (!claim(fetching))
		return;
	outcome = ask(fetching);
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
