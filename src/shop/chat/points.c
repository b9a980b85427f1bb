#include "shop/chat/points.h"

#include <assert.h>
#include <string.h>
#include <unicode/uchar.h>
#include <unicode/utf8.h>

enum {
	KEY_CAP = 0x20E3,
	FULL_WIDTH_FIRST = 0xFF01, /* the printable ASCII characters, from '!' on */
	FULL_WIDTH_LAST = 0xFF5E,
};

struct points points_of(struct arena *arena, const char *text)
{
	size_t bytes = strlen(text);
	struct points points = {.at = arena_array(arena, bytes + 1, sizeof(int32_t))};
	int32_t next = 0, length = (int32_t)bytes;

	assert(bytes < INT32_MAX);
	while (next < length) {
		UChar32 c;

		U8_NEXT(text, next, length, c);
		assert(c >= 0);
		points.at[points.count++] = c;
	}
	return points;
}

const char *points_text(struct arena *arena, struct points points)
{
	char *text = arena_alloc(arena, points.count * U8_MAX_LENGTH + 1);
	size_t length = 0;

	for (size_t i = 0; i < points.count; i++)
		U8_APPEND_UNSAFE(text, length, points.at[i]);
	assert(length <= points.count * U8_MAX_LENGTH);
	return text;
}

int32_t points_get(struct points text, size_t at)
{
	return at < text.count ? text.at[at] : 0;
}

bool points_is_letter_or_digit(struct points text, size_t at)
{
	return u_hasBinaryProperty(points_get(text, at), UCHAR_POSIX_ALNUM);
}

bool points_is_space(struct points text, size_t at)
{
	return u_isUWhiteSpace(points_get(text, at));
}

size_t points_word(struct points text, size_t at, const char *word)
{
	for (; *word != 0; word++, at++) {
		assert(*word < 'A' || *word > 'Z');
		int32_t c = points_get(text, at);

		if (c >= 'A' && c <= 'Z')
			c += 'a' - 'A';
		if (c != *word)
			return 0;
	}
	return at;
}

static struct points as_ascii(struct arena *arena, struct points text)
{
	struct points plain = {.at = arena_array(arena, text.count + 1, sizeof(int32_t))};

	for (size_t i = 0; i < text.count; i++) {
		int32_t c = text.at[i];
		int kind = u_getIntPropertyValue(c, UCHAR_NUMERIC_TYPE);

		if (u_hasBinaryProperty(c, UCHAR_DEFAULT_IGNORABLE_CODE_POINT) || c == KEY_CAP)
			continue;
		if (kind == U_NT_DECIMAL || kind == U_NT_DIGIT)
			c = '0' + (int32_t)u_getNumericValue(c);
		else if (c >= FULL_WIDTH_FIRST && c <= FULL_WIDTH_LAST)
			c = c - FULL_WIDTH_FIRST + '!';
		assert(plain.count <= i);
		plain.at[plain.count++] = c;
	}
	return plain;
}

static size_t skip_space(struct points text, size_t at)
{
	while (points_is_space(text, at))
		at++;
	return at;
}

/* The end of "( at )" or its like that begins at `at`, and the sign it stands for; 0 when there is
 * none. */
static size_t bracketed(struct points text, size_t at, int32_t *ret_sign)
{
	static const struct {
		const char *word;
		int32_t sign;
	} WORDS[] = {{"at", '@'}, {"dot", '.'}, {"punkt", '.'}};
	int32_t c = points_get(text, at);

	if (c != '(' && c != '[' && c != '{')
		return 0;
	at = skip_space(text, at + 1);
	for (size_t i = 0; i < sizeof(WORDS) / sizeof(WORDS[0]); i++) {
		size_t end = points_word(text, at, WORDS[i].word);

		if (end == 0)
			continue;
		end = skip_space(text, end);
		c = points_get(text, end);
		*ret_sign = WORDS[i].sign;
		return c == ')' || c == ']' || c == '}' ? end + 1 : 0;
	}
	return 0;
}

struct points points_plain(struct arena *arena, struct points text)
{
	struct points plain = as_ascii(arena, text);
	size_t made = 0;

	for (size_t i = 0; i < plain.count;) {
		int32_t sign = plain.at[i];
		size_t end = bracketed(plain, i, &sign);

		if (end > 0) {
			while (made > 0 && u_isUWhiteSpace(plain.at[made - 1]))
				made--;
			i = skip_space(plain, end);
		} else {
			i++;
		}
		assert(made < i); /* in place, behind the read position */
		plain.at[made++] = sign;
	}
	plain.count = made;
	return plain;
}
