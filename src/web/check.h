/*
 * check: collects all errors of one input, by field, as the `errors` of a problem. Names:
 * "/lines/0/quantity" in a body, "?limit" in the query, "{order_id}" in the path, a header's own
 * name.
 *
 * Lives in the arena; a check without errors allocates nothing.
 */
#ifndef SEBEZ_WEB_CHECK_H
#define SEBEZ_WEB_CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/address.h"
#include "base/arena.h"
#include "base/json.h"
#include "web/operation.h"

enum { CHECK_NAME_MAX = 256 };

struct check {
	struct arena *arena;
	unsigned count; /* of errors, including those beyond LIMIT_INPUT_ERRORS */
	struct buf errors;
	struct json json;
	bool real_numbers; /* integers were read as doubles, see validate_json.c */
	size_t name_length;
	char name[CHECK_NAME_MAX];
};

void check_init(struct check *check, struct arena *arena);

/* Sets the whole name, or enters a member and leaves it; enter returns the argument of leave. */
void check_name(struct check *check, const char *before, const char *name, const char *after);
size_t check_enter(struct check *check, const char *key);
size_t check_enter_item(struct check *check, size_t index);
void check_leave(struct check *check, size_t length);

/* Records an error of the named field. Always returns false, so that a caller can return it. */
bool check_wrong(struct check *check, const char *code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The JSON array, or NULL when there are no errors. Call it once. */
const char *check_errors(struct check *check);

/* Checks of values, shared by bodies and queries. A valid text is replaced by the canonical form of
 * its format. */
bool check_text(struct check *check, enum field_format format, const char **text, size_t length,
                int64_t min, int64_t max);
/* web_address_wrong() with the networks that the operator allows. */
const char *check_web_address(const char *text);
/* The same, of https; of http only in the networks that the operator allows. */
const char *check_secure_web_address(const char *text);
void check_allow_networks(const struct networks *networks); /* once per process */
bool check_number(struct check *check, int64_t value, int64_t min, int64_t max);
bool check_count(struct check *check, size_t count, int64_t min, int64_t max);
bool check_choice(struct check *check, const char *const choices[], const char *text, int *ret);

#endif
