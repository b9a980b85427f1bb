/*
 * validate: fills an operation's typed input from path, query, headers and body, by the field
 * tables that the generator makes from the contract. All errors are reported at once.
 *
 * The result is valid: every text is UTF-8 without NUL and within its length, every number within
 * its bounds, and unknown members are refused.
 */
#ifndef SEBEZ_WEB_VALIDATE_H
#define SEBEZ_WEB_VALIDATE_H

#include "web/check.h"
#include "web/request.h"
#include "web/route.h"

/* Returns the operation's input, in the arena; ends the task (400, 415) with the errors. */
const void *validate(struct request *rq, const struct route_match *match);

/* The parts, for tests and fuzzers. They fill `into` (object->size bytes, zeroed) and record
 * errors; `into` is only valid when there are none. */
void validate_body(struct check *check, const struct field_object *object, const char *text,
                   size_t length, void *into);
void validate_query(struct check *check, const struct field_object *object, const char *query,
                    void *into);
void validate_text_field(struct check *check, const struct field *field, const char *text,
                         void *into);
void validate_defaults(const struct field_object *object, void *into);

/* Where a field's value is stored: in the struct, or in new memory that the struct points to. */
void *validate_slot(struct check *check, const struct field *field, void *into);
size_t validate_size(enum field_type type, const struct field_object *object);

#endif
