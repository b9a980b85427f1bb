/*
 * process_fetch: a picture while a fetcher works on it. Private to process_fetch.c, which claims
 * and settles it, process_ask.c, which asks its server, and process_turn.c, which decides when a
 * server may be asked.
 */
#ifndef SEBEZ_SHOP_MEDIA_PROCESS_FETCH_H
#define SEBEZ_SHOP_MEDIA_PROCESS_FETCH_H

#include <sodium.h>

#include "fetch.sql.h"
#include "shop/media/process_internal.h"

enum {
	FETCH_ATTEMPTS_MAX = 5,        /* that a server or network may fail */
	FETCH_AGAIN_MAX_S = 60 * 60,   /* whatever the server asks for */
	FETCH_DATABASE_MS = 20 * 1000, /* of the statements after a wait */
};

enum fetch_outcome {
	FETCH_GOOD,
	FETCH_UNCHANGED,
	FETCH_CHANGED, /* a picture that was there before */
	FETCH_FAILED,  /* for good */
	FETCH_AGAIN,   /* because of the server or the network */
	FETCH_ANEW,    /* where it once led there is nothing: from its own address again */
	FETCH_WAITS,   /* for the turn of the host that it leads to */
	FETCH_LATER,   /* because of us */
};

struct fetching {
	struct task task; /* must be first: cast to the struct */
	struct media_fetchers *all;
	struct media_fetcher *fetcher;
	const struct upload_fetch_claim_row *row;
	const char *url;  /* that is asked; after a redirect not the picture's own */
	const char *host; /* that was asked last */
	bool left;        /* a redirect has led to another origin */
	int fd;           /* of the bytes; -1: none */
	int64_t bytes;
	crypto_hash_sha256_state hash;
	const char *etag;
	enum upload_failure_choice failure; /* of FETCH_FAILED, and of others at the end */
	int32_t status;                     /* of HTTP; 0: no answer */
	int32_t after_s;                    /* that the server asks for; 0: it does not */
};

/* Asks the server, and those that it leads to, for the bytes. Suspends. */
enum fetch_outcome fetch_ask(struct fetching *fetching);
/* Whether the host may be asked now, from then on by this fetcher, after a short wait at most.
 * Suspends. */
bool fetch_turn(struct fetching *fetching, const char *host);
/* Whether no more fetchers ask the host than may: while this one claimed, a redirect may have led
 * another there. */
bool fetch_has_share(const struct fetching *fetching);
/* The hosts and vendors that have their share of the fetchers. */
struct text_array fetch_busy_hosts(const struct fetching *fetching);
struct uuid_array fetch_busy_vendors(const struct fetching *fetching);

#endif
