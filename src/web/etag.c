#include "web/etag.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Folds two words into one through their 128-bit product. */
static uint64_t mix(uint64_t a, uint64_t b)
{
	unsigned __int128 product = (unsigned __int128)a * b;

	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/* Sixteen bytes a step: a page of 20 products is hashed in about a microsecond, where SipHash
 * takes ten. An entity tag is no secret and nobody gains by a collision with their own page. */
static uint64_t hash_body(const uint8_t *bytes, size_t length)
{
	uint64_t hash = UINT64_C(0x9e3779b97f4a7c15) ^ length;
	uint64_t words[2];

	for (; length > 0;) {
		size_t step = length < sizeof(words) ? length : sizeof(words);

		words[0] = words[1] = 0;
		memcpy(words, bytes, step);
		hash = mix(words[0] ^ UINT64_C(0xa0761d6478bd642f) ^ hash,
		           words[1] ^ UINT64_C(0xe7037ed1a0b428db));
		bytes += step;
		length -= step;
	}
	return mix(hash ^ UINT64_C(0x8ebc6af09c88c6e3), UINT64_C(0x589965cc75374cc3));
}

void etag_make(const void *body, size_t length, int32_t version, char ret[ETAG_SIZE])
{
	uint64_t hash = hash_body(body, length);

	if (version > 0)
		snprintf(ret, ETAG_SIZE, "\"%" PRId32 ".%016" PRIx64 "\"", version, hash);
	else
		snprintf(ret, ETAG_SIZE, "\"%016" PRIx64 "\"", hash);
}

bool etag_matches(const char *header, const char *etag)
{
	size_t length = strlen(etag);

	while (*header != 0) {
		header += strspn(header, " \t,");
		if (*header == '*')
			return true;
		if (strncmp(header, "W/", 2) == 0)
			header += 2;
		if (strncmp(header, etag, length) == 0 && strchr(" \t,", header[length]) != NULL)
			return true;
		header += strcspn(header, ",");
	}
	return false;
}

bool etag_version(const char *header, int32_t *ret)
{
	size_t digits;

	header += strspn(header, " \t");
	if (*header == '*') {
		*ret = 0;
		return true;
	}
	if (strncmp(header, "W/", 2) == 0) /* a proxy that compresses makes it weak */
		header += 2;
	if (*header++ != '"')
		return false;
	digits = strspn(header, "0123456789");
	if (digits == 0 || digits > 9 || header[digits] != '.')
		return false;
	const char *hash = header + digits + 1;

	if (strspn(hash, "0123456789abcdef") != 16 || strcmp(hash + 16, "\"") != 0)
		return false;
	long version = strtol(header, NULL, 10);

	if (version <= 0)
		return false;
	*ret = (int32_t)version;
	return true;
}
