/*
 * media: images and files: what clients upload, the pictures in answers, the files behind both.
 * docs/MEDIA.md has the states and guarantees.
 *
 * Another area that shows a picture has a column `…_upload_id uuid references upload (id)` with the
 * trigger track_uploads() (functions.sql), takes an `upload_id` in its input (media_find), and
 * keeps what it finds and writes the schema Image of the contract with shop/image.h.
 */
#ifndef SEBEZ_SHOP_MEDIA_MEDIA_H
#define SEBEZ_SHOP_MEDIA_MEDIA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "api.gen.h"
#include "base/json.h"
#include "shop/area.h"
#include "task/db.h"
#include "task/params.h"

struct request;

extern const struct area AREA_MEDIA;

extern const struct problem_code PROBLEM_QUOTA[1];
extern const struct problem_code PROBLEM_PARTS_MISSING[1];

/* An upload that an input names, and the field that names it, for problems. */
struct media_name {
	struct uuid id;
	const char *field; /* "/image/upload_id" */
};

/*
 * The facts, JSON, of the uploads that an input names, in that order. Each must be ready, for this
 * purpose, and sent by the acting account or for the acting vendor: else the task is ended
 * (400) with an error of its field. They may be removed until a row refers to them; then the
 * trigger refuses (404). db is not a batch. `count` may be 0.
 */
const char *const *media_find(struct db *db, enum upload_purpose_choice purpose, size_t count,
                              const struct media_name names[]);

/* The same for a single picture, as it is kept (shop/image.h); NULL for none. field: that of the
 * picture, "/logo". */
const char *media_keep(struct db *db, enum upload_purpose_choice purpose,
                       const struct uploaded_image_input_in *image, const char *field);

/* What is kept of an upload with what shows it. */
struct media_file {
	const char *facts; /* as media_find */
	const char *content_type;
	int64_t bytes;
	const char *source_url; /* that it was fetched from; NULL: somebody sent it */
};

/* As media_find, for files that need not be images. */
const struct media_file *media_find_files(struct db *db, enum upload_purpose_choice purpose,
                                          size_t count, const struct media_name names[]);

/*
 * Links to the files of uploads, for the answer to whoever may read what shows them: the caller has
 * read it under the policies of the database. Those to private files expire after
 * LIMIT_PRIVATE_LINK_S. Not in a transaction; may suspend; ends the task when the store fails.
 */
struct media_links;
struct media_links *media_links_new(struct request *rq, bool is_private); /* in its arena */

/* To a rendition; an image_url_fn (shop/image.h) of the links. */
const char *media_link(void *links, const char *group, int64_t width, const char *format);
/* To a file that is not an image. */
const char *media_link_file(struct media_links *links, const char *group, const char *content_type);
int64_t media_links_expire(void); /* those that are made now; µs */

/* What write() gets as its arg: the answer, and links to private files. */
struct media_showing {
	struct request *rq;
	struct media_links *links;
};
/* Writes a column, in which the database keeps files, as clients get it: rows_rewrite(). */
void media_rewrite(struct request *rq, struct rows *rows, const char *column,
                   rows_rewrite_fn *write);

/* A picture that comes with the program. */
struct media_given {
	enum upload_purpose_choice purpose; /* a public one */
	const struct uuid *vendor_id;       /* with the purposes of vendors */
	const char *content_type;
	const void *bytes;
	size_t length;
	int32_t width, height;
	const char *alt;
};
/* Puts it into the store for the acting customer, who may send such a file, and has it processed
 * like an import. Returns it as it is kept (shop/image.h): its links work as soon as a media
 * process has made the renditions. Suspends. */
const char *media_give(struct task *task, struct objects *objects, const struct media_given *given);

/*
 * The facts, as kept with a picture (shop/image.h), of the acting vendor's uploads that are fetched
 * from these addresses, in that order. The media process fetches those that are new, that failed
 * before, or that may have changed since yesterday; what shows a picture then shows it from the
 * store. No address is there twice. db is not a batch; `count` may be 0.
 */
const char *const *media_by_url(struct db *db, enum upload_purpose_choice purpose, size_t count,
                                const char *const urls[]);

/* The address of a rendition of a public picture: of the store or of SEBEZ_MEDIA_URL, else a path
 * of this server, so that an answer that is cached is right for whatever host it is asked at. */
const char *media_url(struct arena *arena, const char *group, int64_t width, const char *format);
/* Wakes the media processes after the commit, if Redis is up; they also look by themselves. */
void media_wake(struct db *db);

/* A file of a ready upload: of a picture, one of its renditions. */
struct media_object {
	const char *visibility, *group, *content_type;
	const int32_t *width; /* NULL for other files, as the format */
	const char *format;
};
const char *media_file_key(struct arena *arena, const struct media_object *object);

struct media_gauges {
	uint64_t unpublished, published; /* uploads with work to do, up to LIMIT_OUTBOX_COUNTED */
	uint64_t oldest_s;               /* since the first unpublished one was created */
	uint64_t unfetched;
};
struct media_gauges media_gauges(void); /* of the latest media_measure() */

/* `sebez media verify`: compares the rows of upload with the objects, and prints what differs; then
 * the task is ended. deletes: objects that no row explains, unless they are most of all. */
void media_verify(struct task *task, struct objects *objects, bool deletes);

/* Jobs. */
void media_measure(struct task *task);
void media_expire(struct task *task); /* uploads whose bytes did not come */
void media_show(struct task *task);   /* what uploads have become, in the rows that show them */
void media_remove(struct task *task); /* what nothing has used for a day, and what was deleted */

#endif
