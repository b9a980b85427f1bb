/* json_tree: JSON of our own database as jansson's values. That of others: web/json_parse.h. */
#ifndef SEBEZ_BASE_JSON_TREE_H
#define SEBEZ_BASE_JSON_TREE_H

#include <jansson.h>
#include <stddef.h>

#include "base/arena.h"

/* Asserts that it is JSON, which PostgreSQL's types ensure. Freed with the arena, so a task may end
 * while it is used. */
json_t *json_of_database(struct arena *arena, const char *text, size_t length);

#endif
