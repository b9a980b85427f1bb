/*
 * process_internal: an upload while a media process works on it. Private to process*.c:
 *
 *   process.c          claims the next upload, and settles it
 *   process_type.c     which types a file may have
 *   process_file.c     reads its parts, and has a worker examine them
 *   process_fetch.c    fetches a picture by its address, before all that: claims and settles it,
 *   process_ask.c      asks its server, and those that it leads to,
 *   process_turn.c     each in its turn
 *   process_keep.c     keeps what was fetched as parts of the upload
 *   process_put.c      puts what was made into the store
 *   process_publish.c  makes it ready
 *   process_rest.c     adds AVIF, and deletes the parts
 *   process_wake.c     tells media processes that there is work
 */
#ifndef SEBEZ_SHOP_MEDIA_PROCESS_INTERNAL_H
#define SEBEZ_SHOP_MEDIA_PROCESS_INTERNAL_H

#include "api.gen.h"
#include "base/limits.h"
#include "process.sql.h"
#include "shop/media/process.h"
#include "store/objects.h"

enum {
	SHA256_BYTES = 32,
	MEDIA_LEASE_S = 15, /* a dead process's uploads wait so long */
};

struct media_work {
	struct task task; /* must be first: cast to the work */
	struct media_hand *hand;
	const struct upload_claim_row *row;
	int original; /* the file, sealed; -1 until it was read */
	uint8_t sha256[SHA256_BYTES];
	const char *group;
	struct media_examined examined;
	enum upload_failure_choice failure; /* of WORK_FAILED */
	const char *why;                    /* of WORK_LATER, for the log */
};

enum work_outcome {
	WORK_GOOD,
	WORK_FAILED, /* because of the file */
	WORK_LATER,  /* because of us, the store or the database: does not count as an attempt */
	WORK_AGAIN,  /* the worker was killed, perhaps because of the file: counts */
};

enum work_outcome work_failed(struct media_work *work, enum upload_failure_choice failure);
enum work_outcome work_later(struct media_work *work, const char *why);
/* Of a call of the object store. */
enum work_outcome work_store_failed(struct media_work *work, int rc);
int64_t work_store_deadline(const struct media_work *work);

/* A set of enum media_type: what a file may be whose kind was declared so. Its extension may lie.
 */
uint32_t work_types(const struct media_work *work);
struct text_array work_content_types(const struct media_work *work); /* of the same */
const char *work_content_type(uint32_t type);

/* Reads the parts into `original`, and checks their length and hash. Suspends, as all below. */
enum work_outcome work_read(struct media_work *work);
/* formats: a set of enum media_format; fills `examined`. */
enum work_outcome work_examine(struct media_work *work, uint32_t formats);

/* Puts what was made; adds to *ret_bytes. */
enum work_outcome work_put_made(struct media_work *work, int64_t *ret_bytes);
/* Puts the file as it was sent. */
enum work_outcome work_put_original(struct media_work *work, const char *extension);

/* Puts the parts of an upload, as a client would. Suspends. */
int media_put_parts(struct arena *arena, struct uuid id, int fd, int64_t bytes,
                    int64_t deadline_ms);

/* What was fetched becomes parts of the upload, as if somebody had sent them. */
struct media_fetched {
	struct uuid id;
	int fd; /* of the bytes */
	int64_t bytes;
	const char *etag;     /* NULL: none */
	int32_t parts_before; /* that an earlier attempt may have put */
};
enum media_kept {
	MEDIA_KEPT,
	MEDIA_NO_ROOM, /* in the quota */
	MEDIA_STORE_FAILED,
};
enum media_kept media_fetched_keep(struct task *task, struct media_fetch_store *store,
                                   const struct media_fetched *fetched);
/* While the store fails, one fetcher at a time tries it, after a pause that grows. 0: this one may
 * fetch, and calls media_store_tried() after that. */
int32_t media_store_wait_ms(struct media_fetch_store *store, const struct media_fetcher *fetcher);
void media_store_tried(struct media_fetch_store *store, const struct media_fetcher *fetcher);

enum work_outcome work_publish(struct media_work *work);
enum work_outcome work_avif(struct media_work *work);
enum work_outcome work_tidy(struct media_work *work);

extern struct media_counts media_counts;

#endif
