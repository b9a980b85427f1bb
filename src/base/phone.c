#include "base/phone.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>
#include <unicode/uchar.h>
#include <unicode/utf8.h>

/* Calling codes of one and of two digits (ITU-T E.164); all others have three. */
static const char ONE_DIGIT[] = "17";
static const char TWO_DIGITS[] = "20 27 30 31 32 33 34 36 39 40 41 43 44 45 46 47 48 49 51 52 53 "
                                 "54 55 56 57 58 60 61 62 63 64 65 66 81 82 84 86 90 91 92 93 94 "
                                 "95 98 ";

struct reader {
	const uint8_t *text;
	int32_t at, length;
};

static UChar32 next(struct reader *reader)
{
	UChar32 c;

	U8_NEXT(reader->text, reader->at, reader->length, c);
	return c;
}

static UChar32 peek(const struct reader *reader)
{
	struct reader copy = *reader;

	return copy.at < copy.length ? next(&copy) : -1;
}

static bool is_plus(UChar32 c)
{
	return c == '+' || c == 0xff0b; /* the one of full width */
}

static bool is_ignored(UChar32 c)
{
	return u_isUWhiteSpace(c) || u_charType(c) == U_DASH_PUNCTUATION ||
	       u_charType(c) == U_FORMAT_CHAR || c == '.' || c == '/' || c == '(' || c == ')';
}

static void skip_ignored(struct reader *reader)
{
	while (reader->at < reader->length && is_ignored(peek(reader)))
		next(reader);
}

/* Whether "(0)" follows, which it skips. */
static bool skip_trunk_prefix(struct reader *reader)
{
	struct reader ahead = *reader;

	if (ahead.at >= ahead.length || next(&ahead) != '(')
		return false;
	if (ahead.at >= ahead.length || u_charDigitValue(next(&ahead)) != 0)
		return false;
	if (ahead.at >= ahead.length || next(&ahead) != ')')
		return false;
	*reader = ahead;
	return true;
}

static bool read_plus(struct reader *reader)
{
	skip_ignored(reader);
	if (is_plus(peek(reader))) {
		next(reader);
		return true;
	}
	for (int i = 0; i < 2; i++)
		if (reader->at >= reader->length || u_charDigitValue(next(reader)) != 0)
			return false;
	return true;
}

bool phone_form(const char *text, size_t length, char ret[PHONE_LENGTH + 1])
{
	assert(length <= INT32_MAX);

	struct reader reader = {(const uint8_t *)text, 0, (int32_t)length};
	size_t digits = 0;

	if (!read_plus(&reader))
		return false;
	ret[0] = '+';
	while (reader.at < reader.length) {
		if (digits > 0 && skip_trunk_prefix(&reader))
			continue;
		UChar32 c = next(&reader);
		int32_t digit = u_charDigitValue(c);

		if (digit < 0 && !is_ignored(c))
			return false;
		if (digit < 0)
			continue;
		if (digits == PHONE_DIGITS_MAX || (digits == 0 && digit == 0))
			return false;
		ret[1 + digits++] = (char)('0' + digit);
	}
	ret[1 + digits] = 0;
	return digits >= PHONE_DIGITS_MIN;
}

bool phone_is_form(const char *text)
{
	size_t digits = text[0] == '+' ? strspn(text + 1, "0123456789") : 0;

	return digits >= PHONE_DIGITS_MIN && digits <= PHONE_DIGITS_MAX && text[1 + digits] == 0 &&
	       text[1] != '0';
}

void phone_calling_code(const char *phone, char ret[CALLING_CODE_LENGTH + 1])
{
	size_t length = CALLING_CODE_LENGTH;

	assert(phone_is_form(phone));
	const char pair[] = {phone[1], phone[2], ' ', 0};

	if (strchr(ONE_DIGIT, phone[1]) != NULL)
		length = 1;
	else if (strstr(TWO_DIGITS, pair) != NULL)
		length = 2;
	memcpy(ret, phone + 1, length);
	ret[length] = 0;
}
