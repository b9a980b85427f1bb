/*
 * log: what a line of the log looks like. net/log.h writes them.
 *
 * A line is one JSON object: time, level, process, event, then the fields in their order, then a
 * newline. An event is a few fixed words ("listening"); variable data goes into fields. Never a
 * secret.
 *
 * Texts may come from anywhere: those longer than LOG_TEXT_MAX bytes are cut and marked with "…",
 * bytes of invalid UTF-8 are written as U+FFFD. So a line has a bound: LOG_LINE_MAX bytes, of which
 * LOG_FIELDS_MAX fields are written and further ones dropped.
 */
#ifndef SEBEZ_BASE_LOG_H
#define SEBEZ_BASE_LOG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

enum log_level {
	LOG_LEVEL_DEBUG,
	LOG_LEVEL_INFO,
	LOG_LEVEL_WARNING,
	LOG_LEVEL_ERROR,
	LOG_LEVEL_COUNT
};

enum {
	LOG_TEXT_MAX = 2048,
	LOG_FIELDS_MAX = 24,
	LOG_LINE_MAX = 512 * 1024, /* every byte of every text escaped as \u00xx, and the names */
};

enum log_kind { LOG_STR, LOG_INT };

struct log_field {
	const char *name; /* needs no escaping; NULL ends an array of fields */
	enum log_kind kind;
	union {
		const char *text; /* NULL writes null */
		int64_t number;
	};
};

static inline struct log_field log_str(const char *name, const char *text)
{
	return (struct log_field){.name = name, .kind = LOG_STR, .text = text};
}

static inline struct log_field log_int(const char *name, int64_t number)
{
	return (struct log_field){.name = name, .kind = LOG_INT, .number = number};
}

const char *log_level_name(enum log_level level); /* debug, info, warning, error */
bool log_level_parse(const char *name, enum log_level *ret);

/* fields end with one whose name is NULL. */
void log_line(struct buf *buf, int64_t time_us, enum log_level level, const char *process,
              const char *event, const struct log_field fields[]);

#endif
