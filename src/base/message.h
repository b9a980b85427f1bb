/*
 * message: texts with values inserted, in the form of a language: its plurals, digits, amounts of
 * money and times (by ICU).
 *
 * A message is an array of pieces that ends with a MESSAGE_END. tools/gen_texts.py makes them of
 * the patterns in texts/, so that nothing is parsed when a message is formatted.
 *
 * What is inserted is isolated (U+2068 … U+2069): a name in another direction leaves the text
 * around it as it is, and a number in the same sentence where it belongs. From inserted texts,
 * characters that would reach beyond them are removed: controls, marks of embedding, override and
 * isolation; white space becomes single blanks. The result is valid UTF-8 in form C.
 */
#ifndef SEBEZ_BASE_MESSAGE_H
#define SEBEZ_BASE_MESSAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/money.h"

enum message_type { MESSAGE_TEXT, MESSAGE_COUNT, MESSAGE_MONEY, MESSAGE_TIME };

struct message_value {
	bool is_there; /* false: only MESSAGE_IF may ask for it */
	/* The members in use follow from the type of the argument. */
	const char *text; /* valid UTF-8 */
	int64_t count;
	struct money money; /* of a currency that is valid */
	int64_t time_us;
};

enum message_op {
	MESSAGE_END,
	MESSAGE_LITERAL, /* text */
	MESSAGE_INSERT,  /* the value of an argument */
	MESSAGE_PLURAL,  /* the branch of a count: "=0", or a category of the language */
	MESSAGE_SELECT,  /* the branch of a text, whose values are words */
	MESSAGE_IF,      /* "other": the value is there; "none" */
};

enum message_style { MESSAGE_DATE_AND_TIME, MESSAGE_DATE, MESSAGE_CLOCK, MESSAGE_STYLE_COUNT };

struct message_branch {
	const char *when; /* the last one is "other" and is for all others */
	const struct message_piece *pieces;
};

struct message_piece {
	uint8_t op;       /* enum message_op */
	uint8_t type;     /* enum message_type, of MESSAGE_INSERT */
	uint8_t argument; /* which of the values */
	uint8_t style;    /* enum message_style, of a time */
	const char *text;
	const struct message_branch *branches;
};

/* What ICU knows of the languages that are in use; kept, because reading it takes milliseconds. */
struct message_formats;

struct message_formats *message_formats_new(void); /* NULL: no memory */
void message_formats_free(struct message_formats *formats);

/*
 * locale: a language, or with its country: "ar", "ar-EG". time_zone: of IANA; NULL, or one that
 * does not exist, is UTC, and then times say so. An inserted text is cut after
 * LIMIT_INSERTED_BYTES.
 */
struct message_place {
	const char *locale;
	const char *time_zone;
};

const char *message_format(struct message_formats *formats, struct arena *arena,
                           struct message_place place, const struct message_piece pieces[],
                           const struct message_value values[]);

/* The categories of plurals that a language has, by name: "one other". */
const char *message_plural_categories(struct arena *arena, const char *locale);

/* A text as it is inserted, without the isolation: for whoever writes it into something else. */
const char *message_clean(struct arena *arena, const char *text);

#endif
