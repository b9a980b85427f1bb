/*
 * page: keyset pagination. A cursor holds a sort, a key and an id: the position where the last page
 * ended.
 *
 * The statement of a list takes (after_key, after_id, count) and returns a column "_key" (bigint or
 * timestamptz) and a column "id", or "_id" when the cursor uses another id; it requests page.count
 * rows, one more than the page shows, to know whether another page follows. The first page starts
 * at the extreme of its direction.
 *
 * A list that is sorted by a text has a column "_text" instead, of PAGE_TEXT_BYTES at most, and
 * takes (after_text, after_id, count). The cursor holds the text itself, so that paging continues
 * correctly when the last item shown is renamed or deleted.
 *
 * The cursor is base64url of {version, sort, scope, key, id, text}. Scope is a hash of the
 * operation and its filters: a cursor used with other filters is a 400 that names the field, never
 * a wrong page.
 *
 * A cursor is not signed: a forged one reveals only what its caller may see anyway. A key is a time
 * since 1970, an amount or a count; a negative one is refused, and any other fits the column it is
 * compared with.
 */
#ifndef SEBEZ_WEB_PAGE_H
#define SEBEZ_WEB_PAGE_H

#include "web/request.h"

#define PAGE_TEXT_BYTES 160 /* 40 characters of any script */

struct page {
	int32_t limit; /* items shown */
	int32_t count; /* rows to request: limit + 1 */
	int64_t after_key;
	struct uuid after_id;
	char after_text[PAGE_TEXT_BYTES +
	                1]; /* "" on the first page, and where the key is no text */
	uint8_t sort;
	uint32_t scope;
};

enum page_direction { PAGE_ASCENDING, PAGE_DESCENDING };

/* cursor may be NULL (first page). sort distinguishes orders of one list. */
struct page page_open(struct request *rq, const char *cursor, int32_t limit, uint8_t sort,
                      enum page_direction direction);

/* For fuzzing and tests: false for any text except what page_encode produces for a non-negative
 * key. */
bool page_decode(const char *text, struct page *page);
#define PAGE_CURSOR_MAX 254
void page_encode(const struct page *page, char ret[PAGE_CURSOR_MAX + 1]);

#endif
