#include "base/codec.h"

#include <assert.h>
#include <sodium.h>
#include <string.h>

enum { VARIANT = sodium_base64_VARIANT_URLSAFE_NO_PADDING };

void base64url_encode(const uint8_t *bytes, size_t count, char *ret)
{
	sodium_bin2base64(ret, BASE64URL_LENGTH(count) + 1, bytes, count, VARIANT);
}

/* sodium 1.0.18 takes some bytes above 127 for letters, so that one value would have many texts. */
static bool is_base64url(const char *text)
{
	return text[strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	                         "0123456789-_")] == '\0';
}

bool base64url_decode(const char *text, uint8_t *ret, size_t count)
{
	uint8_t bytes[BASE64URL_BYTES_MAX]; /* so that ret is untouched on failure */
	size_t found = 0;

	assert(count <= sizeof(bytes));
	if (!is_base64url(text) ||
	    sodium_base642bin(bytes, count, text, strlen(text), NULL, &found, NULL, VARIANT) != 0 ||
	    found != count)
		return false;
	memcpy(ret, bytes, count);
	sodium_memzero(bytes, count);
	return true;
}

bool base64url_decode_most(const char *text, uint8_t *ret, size_t size, size_t *ret_count)
{
	return is_base64url(text) && sodium_base642bin(ret, size, text, strlen(text), NULL,
	                                               ret_count, NULL, VARIANT) == 0;
}

void hex_encode(const uint8_t *bytes, size_t count, char *ret)
{
	sodium_bin2hex(ret, count * 2 + 1, bytes, count);
}

bool hex_decode(const char *text, uint8_t *ret, size_t count)
{
	size_t length = strspn(text, "0123456789abcdef");

	return length == count * 2 && text[length] == 0 &&
	       sodium_hex2bin(ret, count, text, length, NULL, NULL, NULL) == 0;
}

int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Length of an ASCII prefix without NUL, scanned eight bytes at a time: a lower bound is enough. */
static size_t ascii_run(const uint8_t *bytes, size_t length)
{
	const uint64_t ones = UINT64_C(0x0101010101010101);
	size_t run = 0;

	while (run + 8 <= length) {
		uint64_t word;

		memcpy(&word, bytes + run, sizeof(word));
		if (((word | (word - ones)) & ones * 0x80) != 0)
			break;
		run += 8;
	}
	return run;
}

/* Bytes of the code point that starts here; 0 when it is not a valid one (Unicode table 3-7). */
static size_t code_point_bytes(const uint8_t *bytes, size_t length)
{
	uint8_t first = bytes[0];
	uint8_t second_min = 0x80;
	uint8_t second_max = 0xbf;
	size_t count;

	assert(length > 0);
	if (first >= 0x01 && first <= 0x7f)
		return 1;
	if (first >= 0xc2 && first <= 0xdf)
		count = 2;
	else if (first >= 0xe0 && first <= 0xef)
		count = 3;
	else if (first >= 0xf0 && first <= 0xf4)
		count = 4;
	else
		return 0;
	if (first == 0xe0)
		second_min = 0xa0; /* below it: overlong */
	if (first == 0xed)
		second_max = 0x9f; /* above it: surrogates */
	if (first == 0xf0)
		second_min = 0x90; /* below it: overlong */
	if (first == 0xf4)
		second_max = 0x8f; /* above it: beyond U+10FFFF */
	if (count > length || bytes[1] < second_min || bytes[1] > second_max)
		return 0;
	for (size_t i = 2; i < count; i++) {
		if (bytes[i] < 0x80 || bytes[i] > 0xbf)
			return 0;
	}
	return count;
}

bool utf8_is_valid(const char *text, size_t length)
{
	const uint8_t *bytes = (const uint8_t *)text;
	size_t at = 0;

	while (at < length) {
		at += ascii_run(bytes + at, length - at);
		if (at == length)
			break;

		size_t count = code_point_bytes(bytes + at, length - at);

		if (count == 0)
			return false;
		at += count;
	}
	assert(at == length);
	return true;
}

size_t utf8_length(const char *text, size_t length)
{
	size_t count = 0;

	for (size_t i = 0; i < length; i++)
		count += ((uint8_t)text[i] & 0xc0) != 0x80;
	return count;
}

/* Unicode White_Space beyond ASCII, and characters of zero width. */
static const char *const SPACES[] = {
    "\xc2\x85", "\u00a0", "\u1680", "\u2000", "\u2001", "\u2002", "\u2003", "\u2004",
    "\u2005",   "\u2006", "\u2007", "\u2008", "\u2009", "\u200a", "\u200b", "\u2028",
    "\u2029",   "\u202f", "\u205f", "\u2060", "\u3000", "\ufeff",
};

/* Bytes of the space that the text begins or ends with; 0 when there is none. */
static size_t space_at(const char *text, size_t length, bool end)
{
	if (length == 0)
		return 0;
	char byte = end ? text[length - 1] : text[0];

	if (byte == ' ' || (byte >= '\t' && byte <= '\r'))
		return 1;
	for (size_t i = 0; i < sizeof(SPACES) / sizeof(SPACES[0]); i++) {
		size_t size = strlen(SPACES[i]);

		if (size <= length &&
		    memcmp(end ? text + length - size : text, SPACES[i], size) == 0)
			return size;
	}
	return 0;
}

const char *utf8_trim(const char *text, size_t *length)
{
	for (size_t size; (size = space_at(text, *length, false)) > 0; text += size)
		*length -= size;
	for (size_t size; (size = space_at(text, *length, true)) > 0;)
		*length -= size;
	return text;
}

void ascii_lower(char *text)
{
	for (char *c = text; *c != 0; c++) {
		if (*c >= 'A' && *c <= 'Z')
			*c = (char)(*c | 0x20);
	}
}

/* The plain letter, digit or '-' of a slug for this character; 0 drops it. */
static char slug_char(const uint8_t *character, size_t bytes)
{
	/* U+00C0 to U+00FF, of which the lower half is capitals in the order of the upper. */
	static const char LATIN[] = "aaaaaaaceeeeiiiidnooooo-ouuuuyts"
	                            "aaaaaaaceeeeiiiidnooooo-ouuuuyty";
	uint8_t c = character[0];

	_Static_assert(sizeof(LATIN) - 1 == 0x40, "it has the code points of one lead byte");
	if (bytes == 1 && c >= 'A' && c <= 'Z')
		return (char)(c - 'A' + 'a');
	if (bytes == 1 && ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')))
		return (char)c;
	if (c == '\'' || (bytes == 3 && memcmp(character, "\u2019", 3) == 0))
		return 0;
	if (bytes == 2 && c == 0xc3)
		return LATIN[character[1] & 0x3f];
	return '-';
}

void slug_from(const char *text, char *ret, size_t size)
{
	const uint8_t *next = (const uint8_t *)text;
	size_t length = 0;
	bool gap = false; /* a hyphen is due before the next letter */

	assert(size > 0);
	while (*next != 0) {
		size_t bytes = code_point_bytes(next, strnlen((const char *)next, 4));

		if (bytes == 0)
			bytes = 1;

		char c = slug_char(next, bytes);

		next += bytes;
		if (c == '-')
			gap = true;
		if (c == '-' || c == 0)
			continue;

		size_t needed = gap && length > 0 ? 2 : 1;

		if (length + needed >= size)
			break;
		if (needed == 2)
			ret[length++] = '-';
		ret[length++] = c;
		gap = false;
	}
	assert(length < size);
	ret[length] = 0;
}

bool slug_is_valid(const char *text)
{
	char before = '-';

	for (; *text != 0; text++) {
		bool letter = (*text >= 'a' && *text <= 'z') || (*text >= '0' && *text <= '9');

		if (!letter && (*text != '-' || before == '-'))
			return false;
		before = *text;
	}
	return before != '-';
}
