/* thing: an operation's input with a field of every kind, for the tests and fuzzers of validation.
 */
#ifndef SEBEZ_TESTS_THING_H
#define SEBEZ_TESTS_THING_H

#include "base/money.h"
#include "base/uuid.h"
#include "web/operation.h"

struct part {
	const char *name;
	int32_t count;
};

struct thing {
	struct uuid id;
	int32_t limit;
	const int64_t *after;
	const bool *flag;
	const char *words;
	int sort;
	size_t tags_count;
	const char *const *tags;
	size_t colors_count;
	const char *const *colors;
	size_t option_count;
	const struct field_pair *option;
	const char *name;
	bool note_given;
	const char *note;
	int64_t big;
	int64_t at;
	const struct money *price;
	struct part part;
	size_t parts_count;
	const struct part *parts;
	size_t ids_count;
	const struct uuid *ids;
	size_t labels_count;
	const struct field_pair *labels;
	const char *extra;
	const char *email, *uri, *slug, *country;
};

extern const struct field_object THING;

#endif
