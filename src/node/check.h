/*
 * check: `sebez check`. Whether the configuration, the services, the schema and every statement of
 * the program are in order; with data, whether the rows keep what the areas' checks.sql say. It
 * changes nothing: what is missing is reported, not made.
 */
#ifndef SEBEZ_NODE_CHECK_H
#define SEBEZ_NODE_CHECK_H

#include <stdbool.h>

#include "node/config.h"

/* Prints a line for each thing looked at. Returns an exit status: 1 when something is wrong. */
int check_main(const struct config *config, bool data);

#endif
