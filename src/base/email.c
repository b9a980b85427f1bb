#include "base/email.h"

#include <assert.h>
#include <stdbool.h>
#include <string.h>
#include <unicode/uchar.h>
#include <unicode/unorm2.h>
#include <unicode/uspoof.h>
#include <unicode/ustring.h>

#include "base/host.h"

enum {
	/* Of UTF-16. An address has 254 characters, which NFC makes 762 at most; of a form's 254
	 * bytes, folding makes eighteen for three at most, and IDNA one for one. */
	UNITS = 2048,
	LOCAL_BYTES = 64, /* RFC 5321 */
	DOT_ABOVE = 0x307,
	BRAILLE_BLANK = 0x2800,
};

_Static_assert(UNITS >= EMAIL_CHARACTERS * 3 && UNITS >= (EMAIL_BYTES / 3 + 1) * 18,
               "the longest address fits in every form");

struct units {
	UChar *at;
	int32_t length;
};

static struct units units_new(struct arena *arena)
{
	return (struct units){.at = arena_array(arena, UNITS, sizeof(UChar))};
}

static bool read_utf8(struct units *to, const char *text, size_t length)
{
	UErrorCode status = U_ZERO_ERROR;

	u_strFromUTF8(to->at, UNITS, &to->length, text, (int32_t)length, &status);
	return U_SUCCESS(status);
}

static char *write_utf8(struct arena *arena, struct units from)
{
	assert(from.length >= 0 && from.length <= UNITS);

	UErrorCode status = U_ZERO_ERROR;
	int32_t room = from.length * 3 + 1;
	char *text = arena_alloc(arena, (size_t)room);

	u_strToUTF8(text, room, NULL, from.at, from.length, &status);
	assert(U_SUCCESS(status));
	return text;
}

static bool add(struct units *to, UChar32 c)
{
	if (to->length + 2 > UNITS)
		return false;
	U16_APPEND_UNSAFE(to->at, to->length, c);
	return true;
}

static const UNormalizer2 *nfc_rules(void)
{
	UErrorCode status = U_ZERO_ERROR;
	const UNormalizer2 *rules = unorm2_getNFCInstance(&status);

	assert(U_SUCCESS(status)); /* part of the library */
	return rules;
}

static const UNormalizer2 *fold_rules(void)
{
	UErrorCode status = U_ZERO_ERROR;
	const UNormalizer2 *rules = unorm2_getNFKCCasefoldInstance(&status);

	assert(U_SUCCESS(status));
	return rules;
}

static bool normalise(struct arena *arena, const UNormalizer2 *rules, struct units *text)
{
	struct units made = units_new(arena);
	UErrorCode status = U_ZERO_ERROR;

	made.length = unorm2_normalize(rules, text->at, text->length, made.at, UNITS, &status);
	*text = made;
	return U_SUCCESS(status);
}

static bool is_invisible(UChar32 c)
{
	return u_hasBinaryProperty(c, UCHAR_DEFAULT_IGNORABLE_CODE_POINT) ||
	       u_charType(c) == U_FORMAT_CHAR;
}

/* Neither a letter nor a symbol: white space, controls, unassigned code points. */
static bool is_no_character(UChar32 c)
{
	uint32_t none = U_GC_C_MASK | U_GC_Z_MASK;

	return u_isUWhiteSpace(c) || (U_GET_GC_MASK(c) & none) != 0 || c == BRAILLE_BLANK;
}

/* With a Japanese keyboard, letters and the @ may be full-width. */
static bool add_of_usual_width(struct units *to, UChar32 c)
{
	int32_t width = u_getIntPropertyValue(c, UCHAR_EAST_ASIAN_WIDTH);
	UChar usual[16];
	UErrorCode status = U_ZERO_ERROR;
	const UNormalizer2 *rules = unorm2_getNFKCInstance(&status);
	int32_t count = -1;

	assert(U_SUCCESS(status));
	if (width == U_EA_FULLWIDTH || width == U_EA_HALFWIDTH)
		count = unorm2_getDecomposition(rules, c, usual, 16, &status);
	if (count <= 0 || U_FAILURE(status))
		return add(to, c);
	if (to->length + count > UNITS)
		return false;
	u_memcpy(to->at + to->length, usual, count);
	to->length += count;
	return true;
}

static bool read_visible(struct units *to, const char *text, size_t length)
{
	int32_t next = 0;
	UChar32 c;

	while (next < (int32_t)length) {
		U8_NEXT(text, next, (int32_t)length, c);
		if (c < 0 || (!is_invisible(c) && !add_of_usual_width(to, c)))
			return false;
	}
	while (to->length > 0 && u_isUWhiteSpace(to->at[to->length - 1]))
		to->length--;
	while (to->length > 0 && u_isUWhiteSpace(to->at[0])) {
		to->at++;
		to->length--;
	}
	return true;
}

static bool is_local_part(const char *text)
{
	size_t length = strlen(text);

	if (length == 0 || length > LOCAL_BYTES || strpbrk(text, "\"(),:;<>@[\\]") != NULL)
		return false;
	return text[0] != '.' && text[length - 1] != '.' && strstr(text, "..") == NULL;
}

static bool has_only_characters(struct units text)
{
	int32_t next = 0;
	UChar32 c;

	while (next < text.length) {
		U16_NEXT(text.at, next, text.length, c);
		if (is_no_character(c))
			return false;
	}
	return true;
}

static const char *local_form(struct arena *arena, struct units local)
{
	struct units lower = units_new(arena);
	UErrorCode status = U_ZERO_ERROR;

	lower.length = u_strToLower(lower.at, UNITS, local.at, local.length, "", &status);
	if (U_FAILURE(status) || !normalise(arena, nfc_rules(), &lower) ||
	    !has_only_characters(lower))
		return NULL;
	const char *text = write_utf8(arena, lower);

	return is_local_part(text) ? text : NULL;
}

const char *email_form(struct arena *arena, const char *text, size_t length)
{
	struct units all = units_new(arena);

	if (!read_visible(&all, text, length) || !normalise(arena, nfc_rules(), &all))
		return NULL;
	UChar *at = u_memrchr(all.at, '@', all.length);

	if (at == NULL)
		return NULL;
	int32_t local_length = (int32_t)(at - all.at);
	const char *local = local_form(arena, (struct units){all.at, local_length});
	const char *typed =
	    write_utf8(arena, (struct units){at + 1, all.length - local_length - 1});
	char domain[HOST_SIZE];

	if (local == NULL || !host_ascii(typed, strlen(typed), domain) ||
	    strchr(domain, '.') == NULL || domain[strlen(domain) - 1] == '.')
		return NULL;
	const char *form = arena_printf(arena, "%s@%s", local, domain);

	return strlen(form) <= EMAIL_BYTES ? form : NULL;
}

/* The ASCII letter that a letter looks like, or itself. Right-to-left letters look like one only in
 * isolation. */
static UChar32 plain_letter(const USpoofChecker *checker, UChar32 c)
{
	UErrorCode status = U_ZERO_ERROR;
	UChar from[2], like[8];
	int32_t from_length = 0;

	if (c < 0x80 || u_charDirection(c) != U_LEFT_TO_RIGHT)
		return c;
	U16_APPEND_UNSAFE(from, from_length, c);
	int32_t count = uspoof_getSkeleton(checker, 0, from, from_length, like, 8, &status);

	if (U_FAILURE(status))
		return c;
	if (count == 2 && like[0] == 'r' && like[1] == 'n') /* what Unicode has for m */
		return 'm';
	UChar32 letter = like[0] | 0x20;

	return count == 1 && letter >= 'a' && letter <= 'z' ? letter : c;
}

static struct units fold(struct arena *arena, struct units text)
{
	struct units made = units_new(arena);
	UErrorCode status = U_ZERO_ERROR;
	USpoofChecker *checker = uspoof_open(&status);
	int32_t next = 0;
	bool good = normalise(arena, fold_rules(), &text);
	UChar32 c, before = 0;

	while (good && next < text.length) {
		U16_NEXT(text.at, next, text.length, c);
		if (c == DOT_ABOVE && (before == 'i' || before == 'j'))
			continue; /* they have one: lower case of a dotted capital */
		if (U_SUCCESS(status))
			c = plain_letter(checker, c);
		before = c;
		good = add(&made, c);
	}
	uspoof_close(checker);
	good = good && normalise(arena, nfc_rules(), &made);
	assert(good); /* see UNITS */
	return made;
}

static bool is_ascii(const char *text)
{
	for (; *text != 0; text++)
		if ((unsigned char)*text >= 0x80)
			return false;
	return true;
}

const char *email_key(struct arena *arena, const char *email)
{
	struct units local = units_new(arena), domain = units_new(arena);
	char name[HOST_SIZE];
	const char *at = strrchr(email, '@');

	assert(at != NULL); /* email_form made it */
	if (is_ascii(email) && strstr(at, "xn--") == NULL)
		return arena_strdup(arena, email);
	host_unicode(at + 1, name);
	bool read = read_utf8(&local, email, (size_t)(at - email)) &&
	            read_utf8(&domain, name, strlen(name));

	assert(read);
	local = fold(arena, local);
	domain = fold(arena, domain);
	return arena_printf(arena, "%s@%s", write_utf8(arena, local), write_utf8(arena, domain));
}
