#include "shop/feed/item.h"

#include <assert.h>
#include <string.h>

#include "api.gen.h"
#include "base/json.h"
#include "shop/image.h"

static const char KIND[] = "\"kind\":\"";

static const enum event_kind REWRITES[] = {EVENT_MESSAGE_EDITED, EVENT_MESSAGE_DELETED,
                                           EVENT_CONVERSATION_FORGOTTEN, EVENT_CUSTOMER_ERASED};

void item_json(int64_t number, const char *kind, const char *payload, int64_t at_us,
               struct buf *ret)
{
	struct json json = json_new(ret);

	assert(number > 0 && kind != NULL && payload != NULL);
	json_open_object(&json);
	json_key(&json, "number");
	json_int(&json, number);
	json_key(&json, "kind");
	json_str(&json, kind);
	json_key(&json, "at");
	json_time(&json, at_us);
	json_key(&json, "payload");
	image_write_json(&json, payload, strlen(payload));
	json_close_object(&json);
}

const char *item_kind(const char *json, size_t length, size_t *ret_length)
{
	const char *kind = memmem(json, length, KIND, sizeof(KIND) - 1), *end;

	if (kind == NULL)
		return NULL;
	kind += sizeof(KIND) - 1;
	end = memchr(kind, '"', length - (size_t)(kind - json));
	if (end == NULL)
		return NULL;
	*ret_length = (size_t)(end - kind);
	return kind;
}

static bool is_name(const char *name, const char *kind, size_t length)
{
	return strlen(name) == length && memcmp(name, kind, length) == 0;
}

static bool is_received(const char *kind, size_t length, const char *const names[],
                        const uint32_t roles[], uint32_t role)
{
	for (int i = 0; names[i] != NULL; i++)
		if (is_name(names[i], kind, length))
			return (roles[i] & role) != 0;
	return false; /* a kind of a newer program: receivers unknown */
}

bool item_is_received(const char *json, size_t length, uint32_t role)
{
	size_t kind_length;
	const char *kind;

	if (role == 0)
		return true;
	assert((role & (role - 1)) == 0); /* one role */
	kind = item_kind(json, length, &kind_length);
	assert(kind != NULL);
	return is_received(kind, kind_length, EVENT_KIND_NAMES, EVENT_KIND_STAFF, role) ||
	       is_received(kind, kind_length, PASSING_KIND_NAMES, PASSING_KIND_STAFF, role);
}

/* The value of the member `author`, NULL when there is none. Quotes within strings are escaped, so
 * it is no text of a user. */
static const char *author_of(const char *json, size_t length)
{
	static const char AUTHOR[] = "\"author\"";
	const char *end = json + length, *at = json;

	while ((at = memmem(at, (size_t)(end - at), AUTHOR, sizeof(AUTHOR) - 1)) != NULL) {
		at += sizeof(AUTHOR) - 1;
		while (at < end && *at == ' ')
			at++;
		if (at == end || *at != ':')
			continue; /* a value */
		do
			at++;
		while (at < end && *at == ' ');
		return at;
	}
	return NULL;
}

bool item_wants_receipt(const char *json, size_t length, bool to_vendor)
{
	static const char CUSTOMER[] = "\"customer\"";
	size_t kind_length;
	const char *kind = item_kind(json, length, &kind_length), *author;

	if (kind != NULL && !is_name(EVENT_KIND_NAMES[EVENT_MESSAGE_SENT], kind, kind_length))
		return false;
	author = author_of(json, length);
	if (author == NULL)
		return true;
	bool by_customer = (size_t)(json + length - author) >= sizeof(CUSTOMER) - 1 &&
	                   memcmp(author, CUSTOMER, sizeof(CUSTOMER) - 1) == 0;

	return by_customer == to_vendor;
}

bool item_rewrites(const char *json, size_t length)
{
	size_t kind_length;
	const char *kind = item_kind(json, length, &kind_length);

	for (size_t i = 0; kind != NULL && i < sizeof(REWRITES) / sizeof(REWRITES[0]); i++)
		if (is_name(EVENT_KIND_NAMES[REWRITES[i]], kind, kind_length))
			return true;
	return false;
}
