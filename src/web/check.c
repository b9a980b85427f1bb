#include "web/check.h"

#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/codec.h"
#include "base/country.h"
#include "base/email.h"
#include "base/limits.h"
#include "base/money.h"
#include "base/web_address.h"

void check_init(struct check *check, struct arena *arena)
{
	*check = (struct check){.arena = arena};
}

/* Appends what fits, without splitting a UTF-8 character. */
static void name_add(struct check *check, const char *text)
{
	size_t room = sizeof(check->name) - 1 - check->name_length;
	size_t length = strlen(text);

	assert(room < sizeof(check->name));
	if (length > room) {
		length = room;
		while (length > 0 && (text[length] & 0xc0) == 0x80)
			length--;
	}
	memcpy(check->name + check->name_length, text, length);
	check->name_length += length;
	assert(check->name_length < sizeof(check->name));
	check->name[check->name_length] = 0;
}

void check_name(struct check *check, const char *before, const char *name, const char *after)
{
	check->name_length = 0;
	name_add(check, before);
	name_add(check, name);
	name_add(check, after);
}

size_t check_enter(struct check *check, const char *key)
{
	size_t length = check->name_length;
	char escaped[3] = "~0";

	name_add(check, "/");
	while (*key != 0) { /* RFC 6901: ~ and / are escaped */
		size_t plain = strcspn(key, "~/");
		char piece[CHECK_NAME_MAX];

		snprintf(piece, sizeof(piece), "%.*s", (int)(plain < 200 ? plain : 200), key);
		if (plain > 200) { /* no valid key is that long; cut it at a character boundary */
			size_t cut = 200;

			while (cut > 0 && (key[cut] & 0xc0) == 0x80)
				cut--;
			piece[cut] = 0;
		}
		name_add(check, piece);
		key += plain;
		if (*key != 0) {
			escaped[1] = *key == '~' ? '0' : '1';
			name_add(check, escaped);
			key++;
		}
	}
	return length;
}

size_t check_enter_item(struct check *check, size_t index)
{
	size_t length = check->name_length;
	char text[24];

	snprintf(text, sizeof(text), "/%zu", index);
	name_add(check, text);
	return length;
}

void check_leave(struct check *check, size_t length)
{
	assert(length <= check->name_length);
	check->name_length = length;
	check->name[length] = 0;
}

bool check_wrong(struct check *check, const char *code, const char *format, ...)
{
	char detail[520];
	va_list args;

	assert(check->arena != NULL && code[0] != 0);
	if (check->count++ >= LIMIT_INPUT_ERRORS)
		return false;
	if (check->count == 1) {
		check->errors = buf_new(check->arena, 512);
		check->json = json_new(&check->errors);
		json_open_array(&check->json);
	}
	va_start(args, format);
	vsnprintf(detail, sizeof(detail), format, args);
	va_end(args);
	json_open_object(&check->json);
	json_key(&check->json, "field");
	json_str(&check->json, check->name);
	json_key(&check->json, "code");
	json_str(&check->json, code);
	json_key(&check->json, "detail");
	json_str(&check->json, detail);
	json_close_object(&check->json);
	return false;
}

const char *check_errors(struct check *check)
{
	if (check->count == 0)
		return NULL;
	json_close_array(&check->json);
	assert(check->json.depth == 0);
	return check->errors.data;
}

static bool normalise_email(struct check *check, const char **text)
{
	const char *form = email_form(check->arena, *text, strlen(*text));

	if (form == NULL)
		return check_wrong(check, "format", "must be an e-mail address");
	*text = form;
	return true;
}

static struct networks allowed;

void check_allow_networks(const struct networks *networks)
{
	allowed = *networks;
}

const char *check_web_address(const char *text)
{
	return web_address_wrong(text, &allowed);
}

const char *check_secure_web_address(const char *text)
{
	return web_address_insecure(text, &allowed);
}

static bool check_uri(struct check *check, const char *text)
{
	const char *wrong = check_web_address(text);

	for (const char *c = text; wrong == NULL && *c != 0;
	     c++) { /* RFC 3986: the rest is percent-encoded */
		if ((unsigned char)*c >= 0x7f || strchr("^`{|}", *c) != NULL)
			wrong = "must be ASCII; percent-encode other characters";
	}
	return wrong == NULL || check_wrong(check, "format", "%s", wrong);
}

static bool check_format(struct check *check, enum field_format format, const char **text)
{
	switch (format) {
	case FORMAT_NONE:
		return true;
	case FORMAT_EMAIL:
		return normalise_email(check, text);
	case FORMAT_URI:
		return check_uri(check, *text);
	case FORMAT_SLUG:
		return slug_is_valid(*text) ||
		       check_wrong(check, "format",
		                   "must be lower-case letters, digits and hyphens");
	case FORMAT_CURRENCY:
		return currency_is_valid(*text) ||
		       check_wrong(check, "format", "must be an ISO 4217 currency code");
	case FORMAT_COUNTRY:
		return country_is_valid(*text) ||
		       check_wrong(
		           check, "format",
		           strcmp(*text, "UK") == 0
		               ? "must be an ISO 3166 country code; the United Kingdom is GB"
		               : "must be an ISO 3166 country code of two capital letters");
	}
	assert(false);
	return true;
}

bool check_text(struct check *check, enum field_format format, const char **text, size_t length,
                int64_t min, int64_t max)
{
	assert(min <= max);
	if (memchr(*text, 0, length) != NULL || !utf8_is_valid(*text, length))
		return check_wrong(check, "encoding", "must be UTF-8 without NUL");
	int64_t count = (int64_t)utf8_length(*text, length);

	if (count < min)
		return check_wrong(check, "min_length", "must have at least %" PRId64 " characters",
		                   min);
	if (count > max)
		return check_wrong(check, "max_length", "must have at most %" PRId64 " characters",
		                   max);
	return check_format(check, format, text);
}

bool check_number(struct check *check, int64_t value, int64_t min, int64_t max)
{
	if (value < min)
		return check_wrong(check, "minimum", "must be at least %" PRId64, min);
	if (value > max)
		return check_wrong(check, "maximum", "must be at most %" PRId64, max);
	return true;
}

bool check_count(struct check *check, size_t count, int64_t min, int64_t max)
{
	if ((int64_t)count < min)
		return check_wrong(check, "min_items", "must have at least %" PRId64 " items", min);
	if ((int64_t)count > max)
		return check_wrong(check, "max_items", "must have at most %" PRId64 " items", max);
	return true;
}

bool check_choice(struct check *check, const char *const choices[], const char *text, int *ret)
{
	char known[480] = "";

	assert(choices != NULL && choices[0] != NULL);
	for (int i = 0; choices[i] != NULL; i++) {
		if (strcmp(choices[i], text) == 0) {
			*ret = i;
			return true;
		}
		size_t length = strlen(known);

		snprintf(known + length, sizeof(known) - length, "%s%s", i > 0 ? ", " : "",
		         choices[i]);
	}
	return check_wrong(check, "enum", "must be one of: %s", known);
}
