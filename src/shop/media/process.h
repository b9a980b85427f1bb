/*
 * process: what a media process does with an upload. The parts are read from the store, checked and
 * examined by a worker (media/protocol.h); what it made of them is put into the store; then one
 * transaction makes the upload ready and writes its event. After that come AVIF and the removal of
 * the parts.
 *
 * An upload is claimed by a lease, which is renewed while somebody works on it. Each step may be
 * repeated: the keys of objects come from the bytes, and only the transaction that moves the upload
 * writes an event. So a process may die at any point.
 */
#ifndef SEBEZ_SHOP_MEDIA_PROCESS_H
#define SEBEZ_SHOP_MEDIA_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/limits.h"
#include "base/uuid.h"
#include "media/protocol.h"
#include "shop/area.h"

enum { MEDIA_MADE_MAX = MEDIA_WIDTHS_MAX * MEDIA_FORMAT_COUNT };

/* What a worker found and made. */
struct media_examined {
	enum media_failure failure; /* 0: none */
	struct media_facts facts;
	size_t count;
	struct {
		struct media_rendition what;
		int fd; /* of its bytes; owned */
	} made[MEDIA_MADE_MAX];
};

/*
 * media_examine_fn: has a worker examine the file in `original`. Suspends the fiber.
 *
 *   ret      all zero; the caller closes the descriptors, whatever is returned
 *   returns  0, also when the file fails; -ECHILD when the worker was killed, perhaps because of
 * the file; -errno when there is no worker
 */
typedef int media_examine_fn(void *arg, const struct media_request *request, int original,
                             struct media_examined *ret);

/* Works on one upload at a time, on a fiber of its own. */
struct media_hand {
	media_examine_fn *examine;
	void *arg;
	int32_t
	    priority_max; /* of the uploads that it claims: 0 only those that somebody waits for */
	struct uuid claimed; /* nil: none */
	struct uuid owed;    /* nil, or an upload to which the database owes an attempt */
};

/* Works on the next upload. False when there was none, or the attempt failed for a reason that is
 * not the upload's: then wait before the next call. */
bool media_process_next(struct media_hand *hand);

/* Fetches pictures by their addresses, one at a time, on a fiber of its own. */
struct media_fetcher {
	struct uuid claimed; /* nil: none */
	struct uuid vendor;  /* of it */
	const char *host;    /* of it; NULL: none */
};

enum { MEDIA_FETCHERS = LIMIT_FETCHES };

/* How the store takes what fetchers bring. */
struct media_fetch_store {
	int64_t quiet_until_ms;
	int64_t quiet_ms;                   /* 0: it does not fail */
	const struct media_fetcher *trying; /* NULL: none */
};

/* Those of a process. */
struct media_fetchers {
	struct media_fetch_store store;
	struct media_fetcher each[MEDIA_FETCHERS];
	int32_t interval_ms; /* between two requests to one host, of all processes */
	/* Called when a picture was found, before its server is asked: another fetcher may look for
	 * the next one. Only one may look at a time. */
	void (*found)(void);
	struct uuid last; /* vendor whose turn it was: the others are next */
};

/* Fetches the next picture that may be fetched. Returns 0 after one, else after how many
 * milliseconds there may be one; INT32_MAX when none waits, or the database failed. */
int32_t media_fetch_next(struct media_fetchers *all, struct media_fetcher *fetcher);

/* Renews the leases of these uploads, some of which may be nil; call every MEDIA_RENEW_MS. */
enum { MEDIA_RENEW_MS = 5000 };
void media_process_renew(size_t count, const struct uuid claimed[]);

/* Calls `wake` when an upload waits; some calls may be missing, and some may be vain. */
int media_process_listen(const char *redis_url, void (*wake)(void))
    __attribute__((warn_unused_result));
void media_process_deafen(void);

enum { MEDIA_FAILURES_COUNTED = 12 };

struct media_counts {
	uint64_t published, avif, shared;        /* uploads */
	uint64_t busy_us;                        /* from claim to publication */
	uint64_t failed[MEDIA_FAILURES_COUNTED]; /* by UPLOAD_FAILURE_NAMES */
	uint64_t fetched;                        /* pictures by their addresses */
	uint64_t unchanged;                      /* of which it was asked whether they have */
	uint64_t fetched_again;                  /* attempts that another follows */
	uint64_t postponed;                      /* attempts that failed for a reason of ours */
};
struct media_counts media_process_counts(void);

#endif
