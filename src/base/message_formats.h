/*
 * message_formats: numbers, amounts and times in the form of a language, by ICU. For message.c.
 *
 * What it returns is UTF-8 in the arena. Times are of the Gregorian calendar everywhere: orders and
 * receipts name the same day in all languages.
 */
#ifndef SEBEZ_BASE_MESSAGE_FORMATS_H
#define SEBEZ_BASE_MESSAGE_FORMATS_H

#include "base/message.h"

struct formats; /* of one language and country */

/* Stays until LIMIT_MESSAGE_FORMATS others were asked for. */
struct formats *formats_of(struct message_formats *all, const char *locale);

const char *format_count(struct formats *formats, struct arena *arena, int64_t count);
const char *format_money(struct formats *formats, struct arena *arena, struct money money);
const char *format_time(struct formats *formats, struct arena *arena, const char *time_zone,
                        enum message_style style, int64_t time_us);

enum { PLURAL_CATEGORY_BYTES = 8 }; /* "other" */
void plural_category(struct formats *formats, int64_t count, char ret[PLURAL_CATEGORY_BYTES]);

#endif
