/*
 * import_cell: parses single cells of a row, leniently.
 */
#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/codec.h"
#include "base/unicode.h"
#include "shop/catalog/import_adding.h"
#include "shop/catalog/import_value.h"
#include "shop/catalog/text.h"

void adding_complain(struct adding *adding, enum import_column column, const char *reason)
{
	import_refuse(adding->batch->report, adding->batch->header, adding->row->line, column, "%s",
	              reason);
	adding->product->complained = true;
}

void adding_warn(struct adding *adding, enum import_column column, const char *format, ...)
{
	char reason[IMPORT_REASON_BYTES];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(reason, sizeof(reason), format, arguments);
	va_end(arguments);
	import_warn(adding->batch->report, adding->batch->header, adding->row->line, column, "%s",
	            reason);
}

const char *adding_value(const struct adding *adding, enum import_column column)
{
	assert(column >= 0 && column < COLUMN_COUNT);
	const char *value = adding->row->values[column];

	return value == NULL ? "" : value;
}

bool adding_has(const struct adding *adding, enum import_column column)
{
	return adding_value(adding, column)[0] != 0;
}

/* Texts ----------------------------------------------------------------------------------------*/

/* Vertical tabs and form feeds are line breaks of office programs. */
static void clean(struct adding *adding, enum import_column column, char *text)
{
	if (!text_has_control(text))
		return;
	adding_warn(adding, column, "Control characters were replaced by spaces");
	for (char *c = text; *c != 0; c++) {
		if (*c == '\v' || *c == '\f')
			*c = column == COLUMN_BODY ? '\n' : ' ';
		else if (((unsigned char)*c < ' ' && strchr("\t\r\n", *c) == NULL) || *c == 0x7f)
			*c = ' ';
	}
}

static char *copy_trimmed(struct arena *arena, const char *text)
{
	size_t length = strlen(text);
	const char *start = utf8_trim(text, &length);

	return arena_strndup(arena, start, length);
}

/* The length in bytes of that many characters. */
static size_t bytes_of(const char *text, size_t characters)
{
	size_t at = 0;

	for (size_t count = 0; text[at] != 0; at++) {
		if (((unsigned char)text[at] & 0xc0) != 0x80 && count++ == characters)
			break;
	}
	return at;
}

const char *adding_text(struct adding *adding, enum import_column column, size_t characters)
{
	struct arena *arena = adding->batch->arena;
	const char *value = adding->row->values[column];

	if (value == NULL)
		return NULL;
	char *text = arena_strdup(arena, value);
	clean(adding, column, text);
	if (utf8_length(text, strlen(text)) > characters) {
		adding_warn(adding, column, "The value was truncated to %zu characters",
		            characters);
		text[bytes_of(text, characters)] = 0;
	}
	return column == COLUMN_BODY ? text : copy_trimmed(arena, text);
}

/* A leading apostrophe marks text in spreadsheets: skip it before a digit. */
static const char *without_apostrophe(struct adding *adding, enum import_column column)
{
	const char *value = adding_value(adding, column);

	if (value[0] != '\'' || strchr("0123456789-.", value[1]) == NULL || value[1] == 0)
		return value;
	adding_warn(adding, column, "The leading apostrophe was removed");
	return value + 1;
}

/* The number in the cell with a decimal point, "" for none; text that is not a number is
 * unchanged. */
static const char *number(struct adding *adding, enum import_column column)
{
	const char *value = without_apostrophe(adding, column);
	struct import_report *report = adding->batch->report;
	char plain[IMPORT_DIGITS + 2];
	bool comma;

	if (strpbrk(value, ", '") == NULL ||
	    !import_plain(value, report->separator != ',', plain, &comma))
		return value;
	report->decimal_comma |= comma;
	return arena_strdup(adding->batch->arena, plain);
}

const char *adding_code(struct adding *adding, enum import_column column, size_t characters)
{
	const char *value = without_apostrophe(adding, column);

	if (*value == 0)
		return NULL;
	char *text = arena_strdup(adding->batch->arena, value);
	clean(adding, column, text);
	if (utf8_length(text, strlen(text)) > characters) {
		adding_warn(adding, column,
		            "The value is longer than %zu characters and was ignored", characters);
		return NULL;
	}
	return copy_trimmed(adding->batch->arena, text);
}

/* Replaces no-break spaces, as from word processors and web pages, by plain ones. */
static bool plain_blanks(char *text)
{
	static const char *const BLANKS[] = {"\u00a0", "\u2007", "\u202f"};
	char *to = text;
	bool changed = false;

	for (const char *from = text; *from != 0;) {
		size_t size = 0;

		for (size_t i = 0; i < sizeof(BLANKS) / sizeof(BLANKS[0]) && size == 0; i++) {
			if (strncmp(from, BLANKS[i], strlen(BLANKS[i])) == 0)
				size = strlen(BLANKS[i]);
		}
		*to++ = size > 0 ? ' ' : *from;
		from += size > 0 ? size : 1;
		changed |= size > 0;
	}
	*to = 0;
	return changed;
}

const char *adding_option(struct adding *adding, enum import_column column, size_t characters)
{
	struct arena *arena = adding->batch->arena;
	const char *text = adding_text(adding, column, characters);

	if (text == NULL)
		return "";
	const char *composed = unicode_nfc(arena, text);
	char *plain = arena_strdup(arena, composed);

	if (plain_blanks(plain))
		adding_warn(adding, column, "No-break spaces were replaced by spaces");
	if (composed != text)
		adding_warn(adding, column, "The text was normalised (NFC)");
	return copy_trimmed(arena, plain);
}

/* Other values ---------------------------------------------------------------------------------*/

static void warn_unsaid(struct adding *adding, enum import_column column, const char *what)
{
	adding_warn(adding, column, "\"%.40s\" is not %s and was ignored",
	            adding_value(adding, column), what);
}

void adding_bool(struct adding *adding, enum import_column column, bool *ret)
{
	const char *value = adding_value(adding, column);

	if (*value == 0 || import_bool(value, ret))
		return;
	if (import_local_bool(unicode_lower(adding->batch->arena, value), ret))
		adding_warn(adding, column, "\"%.40s\" was read as %s", value,
		            *ret ? "true" : "false");
	else
		warn_unsaid(adding, column, "true or false");
}

void adding_whole(struct adding *adding, enum import_column column, int64_t min, int64_t max,
                  int32_t *ret)
{
	const char *value = number(adding, column);
	int64_t whole;

	assert(min >= INT32_MIN && max <= INT32_MAX);
	if (*value == 0)
		return;
	if (import_whole(value, min, max, &whole)) {
		*ret = (int32_t)whole;
	} else if (import_rounded_down(value, min, max, &whole)) {
		adding_warn(adding, column, "\"%.40s\" was read as %lld", value, (long long)whole);
		*ret = (int32_t)whole;
	} else {
		warn_unsaid(adding, column, "a valid number");
	}
}

void adding_grams(struct adding *adding, enum import_column column, int64_t max, int32_t *ret)
{
	const char *value = number(adding, column);
	int64_t grams, whole;

	assert(max <= INT32_MAX);
	if (*value == 0)
		return;
	if (!import_rounded(value, max, &grams)) {
		warn_unsaid(adding, column, "a number of grams");
		return;
	}
	if (!import_whole(value, 0, max, &whole))
		adding_warn(adding, column, "\"%.40s\" was rounded to %lld", value,
		            (long long)grams);
	*ret = (int32_t)grams;
}

bool adding_money(struct adding *adding, enum import_column column, int64_t *ret)
{
	const char *value = number(adding, column);
	int64_t amount;

	if (*value == 0)
		return true;
	if (!import_money(value, adding->batch->currency, &amount) || amount > IMPORT_PRICE_MAX)
		return false;
	assert(amount >= 0);
	*ret = amount;
	return true;
}

const char *adding_address(struct adding *adding, enum import_column column)
{
	const char *value = adding_value(adding, column);

	if (*value == 0)
		return NULL;
	if (text_is_web_address(value))
		return arena_strdup(adding->batch->arena, value);
	adding_warn(adding, column,
	            "\"%.80s\" is not an http or https URL of a public host without a password; "
	            "the image was ignored",
	            value);
	return NULL;
}
