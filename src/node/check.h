/*
 * check: `sebez check`. Checks the configuration, the services, the schema and every statement of
 * the program; with data, also checks the rows against the areas' checks.sql. Read-only: what is
 * missing is reported, not created.
 */
#ifndef SEBEZ_NODE_CHECK_H
#define SEBEZ_NODE_CHECK_H

#include <stdbool.h>

#include "node/config.h"

/* Prints one line per check. Returns an exit status: 1 when a check failed. */
int check_main(const struct config *config, bool data);

#endif
