/* table: the texts in all languages, as tools/gen_texts.py makes them of texts/. */
#ifndef SEBEZ_SHOP_TEXTS_TABLE_H
#define SEBEZ_SHOP_TEXTS_TABLE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/message.h"

enum { TEXT_ARGUMENTS_MAX = 8 }; /* ARGUMENTS_MAX of the generator */

struct text_argument {
	const char *name; /* of the fact */
	enum message_type type;
	bool optional;
};

struct text_key {
	const char *name; /* "order_placed.title", "mail.greeting" */
	const struct text_argument *arguments;
	size_t argument_count;
};
extern const struct text_key TEXT_KEYS[]; /* by name, ascending */
extern const size_t TEXT_KEYS_COUNT;

struct text_language {
	const char *name;     /* "fr" */
	const char *own_name; /* "Français" */
	const char *plurals;  /* categories: "one many other" */
	bool right_to_left;
	const struct message_piece *const *texts; /* of each key */
};
extern const struct text_language TEXT_LANGUAGES[]; /* by name; ends with a name of NULL */

#endif
