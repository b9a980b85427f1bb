/* upload: the schema Upload, and the objects behind it. For the files of this area. */
#ifndef SEBEZ_SHOP_MEDIA_UPLOAD_H
#define SEBEZ_SHOP_MEDIA_UPLOAD_H

#include "api.gen.h"
#include "base/limits.h"
#include "media.sql.h"
#include "store/objects.h"
#include "web/request.h"

struct objects *media_objects(void); /* of this process */
struct redis *media_redis(void);     /* NULL in a tool */
/* Ends the task: a call of the object store failed, which it has logged. */
_Noreturn void media_end_store(struct task *task, int rc);

/* The key of a part that a client sends, from 1. */
const char *upload_part_key(struct arena *arena, struct uuid id, int32_t number);
/* The bytes of a part; all but the last are LIMIT_UPLOAD_PART_BYTES. */
int64_t upload_part_bytes(int64_t bytes, int32_t number);
int32_t upload_part_count(int64_t bytes);

/* The row and the arguments of upload_make for what a client announces; sha256 may be NULL.
 * is_known: `row` is there already. The address of a client is the caller's to set. */
struct upload_own_row upload_new_row(const struct create_upload_in *in);
struct upload_make_args upload_args(const struct upload_own_row *row,
                                    const struct create_upload_in *in, const struct bytes *sha256,
                                    bool is_known);

/* Where the objects of an owner's file with these bytes are. */
const char *upload_group(struct arena *arena, struct uuid owner_id, const uint8_t sha256[32]);
/* The widths of renditions that are not as wide as the picture. */
enum { UPLOAD_WIDTHS_COUNT = 5 };
extern const uint32_t UPLOAD_WIDTHS[UPLOAD_WIDTHS_COUNT];

/* Which parts have arrived whole: ret[number - 1]. Returns the number of others. May suspend. */
int32_t upload_received(struct task *task, const struct upload_own_row *row,
                        bool ret[LIMIT_UPLOAD_PARTS]);

/* Writes the schema Upload. Not in a transaction. May suspend. */
void upload_write(struct request *rq, const struct upload_own_row *row, struct buf *body);

#endif
