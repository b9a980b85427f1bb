#include <assert.h>
#include <errno.h>
#include <sodium.h>
#include <string.h>

#include "base/codec.h"
#include "base/unicode.h"
#include "shop/push/internal.h"

#define ELLIPSIS "…"

const char *const PUSH_LANE_NAMES[PUSH_LANE_COUNT] = {
    [PUSH_CHAT] = "chat",
    [PUSH_ORDERS] = "orders",
    [PUSH_SYSTEM] = "system",
    [PUSH_PROMOTIONS] = "promotions",
};

/* Cutting. */

/* Bytes of the text in JSON, without quotes. */
static size_t escaped_length(struct buf *scratch, const char *text, size_t length)
{
	struct json json = json_new(scratch);

	buf_clear(scratch);
	json_strn(&json, text, length);
	return scratch->length - 2;
}

/* The longest beginning of the text, of whole characters, that has at most `wanted` bytes in JSON.
 */
static size_t beginning(struct buf *scratch, const char *text, size_t length, size_t wanted)
{
	size_t fits = 0, most = length;

	while (fits < most) {
		size_t middle = fits + (most - fits + 1) / 2;
		size_t cut = unicode_cut(text, length, middle);

		if (escaped_length(scratch, text, cut) <= wanted)
			fits = middle;
		else
			most = middle - 1;
	}
	return unicode_cut(text, length, fits);
}

/* Makes the text shorter by `excess` bytes of JSON or more. False: there is nothing left of it. */
static bool shorten(struct arena *arena, const char **text, size_t excess)
{
	size_t length = *text == NULL ? 0 : strlen(*text), escaped, less;

	if (length == 0)
		return false;
	struct buf scratch = buf_new(arena, length + 16);

	escaped = escaped_length(&scratch, *text, length);
	less = excess + strlen(ELLIPSIS);
	length = beginning(&scratch, *text, length, escaped > less ? escaped - less : 0);
	while (length > 0 && strchr(" \n", (*text)[length - 1]) != NULL)
		length--;
	*text = length > 0 ? arena_printf(arena, "%.*s" ELLIPSIS, (int)length, *text) : "";
	return true;
}

int push_write(struct arena *arena, const struct push *push, size_t bytes_max, push_write_fn *write,
               const void *arg, struct buf *ret)
{
	struct push cut = *push;

	*ret = buf_new(arena, 1024);
	for (;;) {
		struct json json = json_new(ret);

		buf_clear(ret);
		write(&json, &cut, arg);
		assert(json.depth == 0);
		if (ret->length <= bytes_max)
			return 0;
		size_t excess = ret->length - bytes_max;

		if (!shorten(arena, &cut.body, excess) && !shorten(arena, &cut.title, excess))
			return -EMSGSIZE;
	}
}

/* Parts of messages. */

bool push_is_silent(const struct push *push)
{
	return push->title == NULL && push->body == NULL;
}

enum push_urgency push_urgency(const struct push *push)
{
	if (push_is_silent(push) || push->lane == PUSH_SYSTEM)
		return PUSH_NORMAL;
	return push->lane == PUSH_PROMOTIONS ? PUSH_LOW : PUSH_HIGH;
}

int64_t push_ttl_s(const struct push *push, int64_t now_s, int64_t max_s)
{
	int64_t ttl_s = push->expires_s - now_s;

	return ttl_s < 0 ? 0 : ttl_s > max_s ? max_s : ttl_s;
}

const char *push_group(struct arena *arena, const char *group, size_t length_max)
{
	uint8_t hash[crypto_hash_sha256_BYTES];
	char *coded;

	assert(length_max >= BASE64URL_LENGTH(sizeof(hash)));
	if (strlen(group) <= length_max)
		return group;
	crypto_hash_sha256(hash, (const uint8_t *)group, strlen(group));
	coded = arena_alloc(arena, BASE64URL_LENGTH(sizeof(hash)) + 1);
	base64url_encode(hash, sizeof(hash), coded);
	return coded;
}

void push_write_data(struct json *json, const struct push *push, bool as_text)
{
	json_put_uuid(json, "id", push->id);
	json_put_str(json, "lane", PUSH_LANE_NAMES[push->lane]);
	if (push->kind != NULL)
		json_put_str(json, "kind", push->kind);
	if (push->link != NULL)
		json_put_str(json, "link", push->link);
	if (push->data != NULL && as_text) {
		json_put_str(json, "data", push->data);
	} else if (push->data != NULL) {
		json_key(json, "data");
		json_raw(json, push->data, strlen(push->data));
	}
}

void push_add_header(struct push_request *request, const char *name, const char *value)
{
	assert(request->header_count < PUSH_HEADERS_MAX);
	request->headers[request->header_count++] = (struct http_header){name, value};
}

struct http_client_request push_call(const struct push_request *built, size_t body_max,
                                     bool trusted)
{
	assert(built->header_count <= PUSH_HEADERS_MAX);
	return (struct http_client_request){
	    .method = "POST",
	    .url = built->url,
	    .headers = built->headers,
	    .header_count = built->header_count,
	    .body = built->body,
	    .body_length = built->body_length,
	    .body_max = body_max,
	    .trusted = trusted,
	};
}
