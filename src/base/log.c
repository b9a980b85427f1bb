#include "base/log.h"

#include <assert.h>
#include <string.h>

#include "base/codec.h"
#include "base/json.h"

static const char *const LEVEL_NAMES[LOG_LEVEL_COUNT] = {"debug", "info", "warning", "error"};

_Static_assert((LOG_FIELDS_MAX + 2) * (LOG_TEXT_MAX + 3) * 6 < LOG_LINE_MAX,
               "a line has room for its texts, each byte escaped as six, and for the names");

const char *log_level_name(enum log_level level)
{
	assert(level < LOG_LEVEL_COUNT);
	return LEVEL_NAMES[level];
}

bool log_level_parse(const char *name, enum log_level *ret)
{
	for (int level = 0; level < LOG_LEVEL_COUNT; level++) {
		if (strcmp(name, LEVEL_NAMES[level]) == 0) {
			*ret = (enum log_level)level;
			return true;
		}
	}
	return false;
}

/* The text with every non-ASCII byte replaced: it is not UTF-8. */
static void add_broken(struct json *json, const char *text, size_t length)
{
	struct buf clean = buf_new(json->buf->arena, length * 3 + 1);

	for (size_t i = 0; i < length; i++) {
		if ((unsigned char)text[i] < 0x80)
			buf_add_char(&clean, text[i]);
		else
			buf_add_str(&clean, "\uFFFD");
	}
	json_strn(json, clean.data, clean.length);
}

static void add_text(struct json *json, const char *text)
{
	if (text == NULL) {
		json_nil(json);
		return;
	}

	size_t length = strnlen(text, LOG_TEXT_MAX + 1);
	char cut[LOG_TEXT_MAX + 4];

	if (length > LOG_TEXT_MAX) {
		length = LOG_TEXT_MAX;
		while (length > 0 && ((unsigned char)text[length] & 0xc0) == 0x80)
			length--; /* not within a character */
		memcpy(cut, text, length);
		memcpy(cut + length, "…", 3);
		length += 3;
		text = cut;
	}
	if (utf8_is_valid(text, length))
		json_strn(json, text, length);
	else
		add_broken(json, text, length);
}

static void add_field(struct json *json, const struct log_field *field)
{
	json_key(json, field->name);
	switch (field->kind) {
	case LOG_STR:
		add_text(json, field->text);
		break;
	case LOG_INT:
		json_int(json, field->number);
		break;
	}
}

void log_line(struct buf *buf, int64_t time_us, enum log_level level, const char *process,
              const char *event, const struct log_field fields[])
{
	struct json json = json_new(buf);
	size_t start = buf->length;

	json_open_object(&json);
	json_put_time(&json, "time", time_us);
	json_put_str(&json, "level", log_level_name(level));
	json_key(&json, "process");
	add_text(&json, process);
	json_key(&json, "event");
	add_text(&json, event);
	for (int i = 0; i < LOG_FIELDS_MAX && fields[i].name != NULL; i++)
		add_field(&json, &fields[i]);
	json_close_object(&json);
	buf_add_char(buf, '\n');
	assert(buf->length - start <= LOG_LINE_MAX);
}
