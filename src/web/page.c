#include "web/page.h"

#include <assert.h>
#include <string.h>

#include "base/binary.h"
#include "base/clock.h"
#include "base/codec.h"
#include "base/hash.h"
#include "base/limits.h"
#include "web/uri.h"

enum { VERSION = 1, FIXED_BYTES = 30, CURSOR_BYTES = FIXED_BYTES + PAGE_TEXT_BYTES };

_Static_assert(BASE64URL_LENGTH(CURSOR_BYTES) == PAGE_CURSOR_MAX, "the longest cursor");

void page_encode(const struct page *page, char ret[PAGE_CURSOR_MAX + 1])
{
	uint8_t bytes[CURSOR_BYTES] = {VERSION, page->sort};
	size_t length = strlen(page->after_text);

	assert(length <= PAGE_TEXT_BYTES);
	binary_put_int32(bytes + 2, (int32_t)page->scope);
	binary_put_int64(bytes + 6, page->after_key);
	memcpy(bytes + 14, page->after_id.bytes, 16);
	memcpy(bytes + FIXED_BYTES, page->after_text, length);
	base64url_encode(bytes, FIXED_BYTES + length, ret);
}

bool page_decode(const char *text, struct page *page)
{
	uint8_t bytes[CURSOR_BYTES];
	size_t count = strlen(text) * 3 / 4;

	_Static_assert(sizeof(page->after_text) == CURSOR_BYTES - FIXED_BYTES + 1, "a text fits");
	if (count < FIXED_BYTES || count > CURSOR_BYTES || !base64url_decode(text, bytes, count) ||
	    bytes[0] != VERSION)
		return false;
	const char *tail = (const char *)bytes + FIXED_BYTES;
	size_t length = count - FIXED_BYTES;

	if (!utf8_is_valid(tail, length))
		return false;
	page->sort = bytes[1];
	page->scope = (uint32_t)binary_int32(bytes + 2);
	page->after_key = binary_int64(bytes + 6);
	memcpy(page->after_id.bytes, bytes + 14, 16);
	memcpy(page->after_text, tail, length);
	page->after_text[length] = 0;
	return page->after_key >= 0;
}

/* Hash of the path and the filters as sent, in any order; without cursor and limit. */
static uint32_t scope_of(const struct request *rq)
{
	const char *path = http_path(rq->http);
	const char *query = http_query(rq->http);
	uint64_t sum = hash_plain(path, strlen(path));
	struct uri_pair pair;

	while (uri_next_pair(&query, &pair)) {
		if (!uri_is_named(&pair, "cursor") && !uri_is_named(&pair, "limit"))
			sum += hash_plain(pair.name,
			                  (size_t)(pair.value + pair.value_length - pair.name));
	}
	return (uint32_t)(sum ^ sum >> 32);
}

struct page page_open(struct request *rq, const char *cursor, int32_t limit, uint8_t sort,
                      enum page_direction direction)
{
	bool down = direction == PAGE_DESCENDING;
	struct page page = {
	    .limit = limit < LIMIT_PAGE ? limit : LIMIT_PAGE,
	    .after_key = down ? TIME_INFINITY : TIME_MINUS_INFINITY,
	    .sort = sort,
	    .scope = scope_of(rq),
	};
	struct page given;

	assert(limit > 0);
	page.count = page.limit + 1;
	memset(page.after_id.bytes, down ? 0xff : 0, sizeof(page.after_id.bytes));
	if (cursor == NULL)
		return page;
	if (!page_decode(cursor, &given))
		task_end_field(&rq->task, "?cursor", "format", "The cursor is not valid.");
	if (given.sort != page.sort || given.scope != page.scope)
		task_end_field(
		    &rq->task, "?cursor", "scope",
		    "The cursor belongs to a request with another path, filter or sort order.");
	page.after_key = given.after_key;
	page.after_id = given.after_id;
	memcpy(page.after_text, given.after_text, sizeof(page.after_text));
	return page;
}
