#include "shop/feed/cursor.h"

#include <endian.h>
#include <string.h>

#include "base/hash.h"

enum { VERSION = 1 };

static uint32_t owner_hash(struct uuid owner)
{
	return (uint32_t)hash_plain(owner.bytes, sizeof(owner.bytes));
}

void cursor_encode(struct cursor cursor, struct uuid owner, char ret[CURSOR_LENGTH + 1])
{
	uint8_t bytes[CURSOR_BYTES] = {VERSION};
	uint64_t epoch = htobe64((uint64_t)cursor.epoch), number = htobe64((uint64_t)cursor.number);
	uint32_t hash = htobe32(owner_hash(owner));

	memcpy(&bytes[1], &epoch, 8);
	memcpy(&bytes[9], &number, 8);
	memcpy(&bytes[17], &hash, 4);
	base64url_encode(bytes, sizeof(bytes), ret);
}

bool cursor_decode(const char *text, struct uuid owner, struct cursor *ret)
{
	uint8_t bytes[CURSOR_BYTES];
	uint64_t epoch, number;
	uint32_t hash;

	if (!base64url_decode(text, bytes, sizeof(bytes)) || bytes[0] != VERSION)
		return false;
	memcpy(&epoch, &bytes[1], 8);
	memcpy(&number, &bytes[9], 8);
	memcpy(&hash, &bytes[17], 4);
	number = be64toh(number);
	if (be32toh(hash) != owner_hash(owner) || number > INT64_MAX)
		return false;
	*ret = (struct cursor){.epoch = (int64_t)be64toh(epoch), .number = (int64_t)number};
	return true;
}
