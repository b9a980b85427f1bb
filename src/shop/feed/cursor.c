#include "shop/feed/cursor.h"

#include "base/binary.h"
#include "base/codec.h"
#include "base/hash.h"

enum { VERSION = 1 };

_Static_assert(BASE64URL_LENGTH(CURSOR_BYTES) == CURSOR_LENGTH, "length of the text");
_Static_assert(1 + 2 * sizeof(int64_t) + sizeof(uint32_t) == CURSOR_BYTES,
               "version, epoch, number, hash of the owner");

static uint32_t owner_hash(struct uuid owner)
{
	return (uint32_t)hash_plain(owner.bytes, sizeof(owner.bytes));
}

void cursor_encode(struct cursor cursor, struct uuid owner, char ret[CURSOR_LENGTH + 1])
{
	uint8_t bytes[CURSOR_BYTES] = {VERSION};

	binary_put_int64(&bytes[1], cursor.epoch);
	binary_put_int64(&bytes[9], cursor.number);
	binary_put_int32(&bytes[17], (int32_t)owner_hash(owner));
	base64url_encode(bytes, sizeof(bytes), ret);
}

bool cursor_decode(const char *text, struct uuid owner, struct cursor *ret)
{
	uint8_t bytes[CURSOR_BYTES];

	if (!base64url_decode(text, bytes, sizeof(bytes)) || bytes[0] != VERSION)
		return false;
	struct cursor cursor = {.epoch = binary_int64(&bytes[1]),
	                        .number = binary_int64(&bytes[9])};

	if ((uint32_t)binary_int32(&bytes[17]) != owner_hash(owner) || cursor.number < 0)
		return false;
	*ret = cursor;
	return true;
}
