#include "base/unicode.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>
#include <unicode/ubrk.h>
#include <unicode/unorm2.h>
#include <unicode/ustring.h>
#include <unicode/utext.h>

#include "base/codec.h"

struct units {
	UChar *at;
	int32_t length;
};

static struct units from_utf8(struct arena *arena, const char *text)
{
	UErrorCode status = U_ZERO_ERROR;
	size_t bytes = strlen(text);
	struct units units = {.at = arena_array(arena, bytes + 1, sizeof(UChar))};

	assert(bytes < INT32_MAX / 4);
	u_strFromUTF8(units.at, (int32_t)bytes + 1, &units.length, text, (int32_t)bytes, &status);
	assert(U_SUCCESS(status));
	return units;
}

static const char *to_utf8(struct arena *arena, struct units units)
{
	assert(units.length >= 0 && units.length < INT32_MAX / 3);

	UErrorCode status = U_ZERO_ERROR;
	int32_t room = units.length * 3 + 1; /* at most three bytes for a unit */
	char *text = arena_alloc(arena, (size_t)room);

	u_strToUTF8(text, room, NULL, units.at, units.length, &status);
	assert(U_SUCCESS(status));
	return text;
}

static bool is_ascii(const char *text)
{
	for (; *text != 0; text++) {
		if ((unsigned char)*text >= 0x80)
			return false;
	}
	return true;
}

const char *unicode_nfc(struct arena *arena, const char *text)
{
	UErrorCode status = U_ZERO_ERROR;
	const UNormalizer2 *rules = unorm2_getNFCInstance(&status);

	assert(U_SUCCESS(status)); /* part of the library */
	if (is_ascii(text))
		return text;
	struct units from = from_utf8(arena, text);

	if (unorm2_isNormalized(rules, from.at, from.length, &status))
		return text;
	/* A unit becomes three at most. */
	struct units made = {.at = arena_array(arena, (size_t)from.length * 3 + 1, sizeof(UChar))};
	made.length =
	    unorm2_normalize(rules, from.at, from.length, made.at, from.length * 3 + 1, &status);
	assert(U_SUCCESS(status));
	return to_utf8(arena, made);
}

const char *unicode_lower(struct arena *arena, const char *text)
{
	UErrorCode status = U_ZERO_ERROR;

	if (is_ascii(text)) {
		char *lower = arena_strdup(arena, text);

		ascii_lower(lower);
		return lower;
	}
	struct units from = from_utf8(arena, text);

	assert(from.length < INT32_MAX / 3);
	struct units made = {.at = arena_array(arena, (size_t)from.length * 3 + 1, sizeof(UChar))};

	made.length = u_strToLower(made.at, from.length * 3 + 1, from.at, from.length, "", &status);
	assert(U_SUCCESS(status));
	return to_utf8(arena, made);
}

size_t unicode_cut(const char *text, size_t length, size_t most)
{
	UErrorCode status = U_ZERO_ERROR;

	if (most >= length)
		return length;
	UText *units = utext_openUTF8(NULL, text, (int64_t)length, &status);
	UBreakIterator *characters = ubrk_open(UBRK_CHARACTER, "", NULL, 0, &status);

	ubrk_setUText(characters, units, &status);
	assert(U_SUCCESS(status) && length < INT32_MAX);
	while (most > 0 && ((unsigned char)text[most] & 0xc0) == 0x80)
		most--; /* to the first byte of a code point */
	int32_t cut = (int32_t)most;

	if (!ubrk_isBoundary(characters, cut))
		cut = ubrk_preceding(characters, (int32_t)most);

	ubrk_close(characters);
	utext_close(units);
	assert(cut == UBRK_DONE || (size_t)cut <= most);
	return cut == UBRK_DONE ? 0 : (size_t)cut;
}

bool unicode_digits(const char *text, size_t count, char *ret)
{
	const uint8_t *bytes = (const uint8_t *)text;
	int32_t length = (int32_t)strlen(text);
	size_t digits = 0;

	for (int32_t i = 0; i < length;) {
		UChar32 c;

		U8_NEXT(bytes, i, length, c);
		int32_t digit = u_charDigitValue(c);

		if (digit < 0 && !u_isUWhiteSpace(c) && u_charType(c) != U_DASH_PUNCTUATION)
			return false;
		if (digit >= 0 && digits == count)
			return false;
		if (digit >= 0)
			ret[digits++] = (char)('0' + digit);
	}
	ret[digits] = 0;
	return digits == count;
}
