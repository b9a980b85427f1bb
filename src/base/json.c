#include "base/json.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

struct json json_new(struct buf *buf)
{
	return (struct json){.buf = buf};
}

_Static_assert(JSON_DEPTH_MAX <= 32, "filled and objects have a bit for each depth");

static uint32_t top(const struct json *json)
{
	assert(json->depth > 0 && json->depth <= JSON_DEPTH_MAX);
	return UINT32_C(1) << (json->depth - 1);
}

static bool in_object(const struct json *json)
{
	return json->depth > 0 && (json->objects & top(json)) != 0;
}

static void comma(struct json *json)
{
	if (json->depth == 0)
		return;
	if ((json->filled & top(json)) != 0)
		buf_add_char(json->buf, ',');
	json->filled |= top(json);
}

static void before_value(struct json *json)
{
	assert(json->after_key == in_object(json));
	if (!json->after_key)
		comma(json);
	json->after_key = false;
}

static void open_container(struct json *json, char bracket, bool is_object)
{
	assert(json->depth < JSON_DEPTH_MAX);
	before_value(json);
	buf_add_char(json->buf, bracket);
	json->depth++;
	json->filled &= ~top(json);
	json->objects &= ~top(json);
	if (is_object)
		json->objects |= top(json);
}

static void close_container(struct json *json, char bracket, bool is_object)
{
	assert(json->depth > 0 && !json->after_key);
	assert(in_object(json) == is_object);
	json->depth--;
	buf_add_char(json->buf, bracket);
}

void json_open_object(struct json *json)
{
	open_container(json, '{', true);
}

void json_close_object(struct json *json)
{
	close_container(json, '}', true);
}

void json_open_array(struct json *json)
{
	open_container(json, '[', false);
}

void json_close_array(struct json *json)
{
	close_container(json, ']', false);
}

void json_key(struct json *json, const char *key)
{
	size_t length = strlen(key);

	assert(in_object(json) && !json->after_key);
	comma(json);
	buf_reserve(json->buf, length + 3);
	buf_add_char(json->buf, '"');
	buf_add(json->buf, key, length);
	buf_add(json->buf, "\":", 2);
	json->after_key = true;
}

void json_nil(struct json *json)
{
	json_raw(json, "null", 4);
}

void json_bool(struct json *json, bool value)
{
	json_raw(json, value ? "true" : "false", value ? 4 : 5);
}

void json_int(struct json *json, int64_t value)
{
	before_value(json);
	buf_add_int(json->buf, value);
}

void json_double(struct json *json, double value)
{
	char text[32];

	if (!isfinite(value)) {
		json_nil(json);
		return;
	}
	/* 15 digits read well (0.1), 17 are always exact. */
	for (int digits = 15; digits <= 17; digits++) {
		int length = snprintf(text, sizeof(text), "%.*g", digits, value);

		assert(length > 0 && (size_t)length < sizeof(text));
		if (strtod(text, NULL) == value)
			break;
	}
	json_raw(json, text, strlen(text));
}

static bool is_plain(unsigned char byte)
{
	return byte >= 0x20 && byte != '"' && byte != '\\';
}

/* Has any of the eight bytes a value below 0x20, a quote or a backslash? A zero byte in x shows as
 * a borrow into its top bit of (x - 01…01) & ~x; the same trick with 20…20 finds bytes below 0x20.
 * It may report a byte above a real one wrongly, never miss one: the caller looks again. */
static bool has_special(const char *eight)
{
	const uint64_t ones = UINT64_C(0x0101010101010101);
	const uint64_t tops = ones * 0x80;
	uint64_t word;

	memcpy(&word, eight, sizeof(word));

	uint64_t quote = word ^ (ones * '"');
	uint64_t backslash = word ^ (ones * '\\');
	uint64_t found = ((word - ones * 0x20) & ~word) | ((quote - ones) & ~quote) |
	                 ((backslash - ones) & ~backslash);

	return (found & tops) != 0;
}

/* How many bytes from the start need no escape. */
static size_t plain_run(const char *text, size_t length)
{
	size_t run = 0;

	while (run + 8 <= length && !has_special(text + run))
		run += 8;
	while (run < length && is_plain((unsigned char)text[run]))
		run++;
	return run;
}

static void add_escape(struct buf *buf, unsigned char byte)
{
	static const char SHORT[0x20] = {
	    ['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f', ['\r'] = 'r'};
	char letter = byte < 0x20 ? SHORT[byte] : (char)byte;

	if (letter != 0) {
		buf_add(buf, (char[]){'\\', letter}, 2);
	} else {
		static const char HEX[] = "0123456789abcdef";

		buf_add(buf, (char[]){'\\', 'u', '0', '0', HEX[byte >> 4], HEX[byte & 15]}, 6);
	}
}

void json_key_any(struct json *json, const char *key)
{
	assert(in_object(json) && !json->after_key);
	json->after_key = true; /* so that the key is written as a value, after its comma */
	comma(json);
	json_strn(json, key, strlen(key));
	buf_add_char(json->buf, ':');
	json->after_key = true;
}

void json_str(struct json *json, const char *text)
{
	if (text == NULL)
		json_nil(json);
	else
		json_strn(json, text, strlen(text));
}

void json_strn(struct json *json, const char *text, size_t length)
{
	struct buf *buf = json->buf;

	before_value(json);
	buf_reserve(buf, length + 2);
	buf_add_char(buf, '"');
	for (;;) {
		size_t run = plain_run(text, length);

		buf_add(buf, text, run);
		if (run == length)
			break;
		assert(run < length);
		add_escape(buf, (unsigned char)text[run]);
		text += run + 1;
		length -= run + 1;
	}
	buf_add_char(buf, '"');
}

/* A short text that needs no escape, in quotes. */
static void add_quoted(struct json *json, const char *text, size_t length)
{
	before_value(json);
	buf_reserve(json->buf, length + 2);
	buf_add_char(json->buf, '"');
	buf_add(json->buf, text, length);
	buf_add_char(json->buf, '"');
}

void json_uuid(struct json *json, struct uuid id)
{
	char text[UUID_TEXT_LENGTH + 1];

	uuid_format(id, text);
	add_quoted(json, text, UUID_TEXT_LENGTH);
}

void json_time(struct json *json, int64_t time_us)
{
	char text[TIME_TEXT_LENGTH + 1];

	if (time_us == TIME_INFINITY || time_us == TIME_MINUS_INFINITY) {
		json_nil(json);
		return;
	}
	time_format(time_us, text);
	add_quoted(json, text, TIME_TEXT_LENGTH);
}

void json_raw(struct json *json, const char *text, size_t length)
{
	assert(length > 0); /* no JSON value is empty */
	before_value(json);
	buf_add(json->buf, text, length);
}

void json_put_str(struct json *json, const char *key, const char *text)
{
	json_key(json, key);
	json_str(json, text);
}

void json_put_int(struct json *json, const char *key, int64_t value)
{
	json_key(json, key);
	json_int(json, value);
}

void json_put_uuid(struct json *json, const char *key, struct uuid id)
{
	json_key(json, key);
	json_uuid(json, id);
}

void json_put_time(struct json *json, const char *key, int64_t time_us)
{
	json_key(json, key);
	json_time(json, time_us);
}

void json_put_money(struct json *json, const char *key, int64_t amount, const char *currency)
{
	json_key(json, key);
	json_open_object(json);
	json_put_int(json, "amount", amount);
	json_put_str(json, "currency", currency);
	json_close_object(json);
}
