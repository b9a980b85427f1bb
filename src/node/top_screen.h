/*
 * top_screen: a view as lines for a terminal of 80 columns.
 */
#ifndef SEBEZ_NODE_TOP_SCREEN_H
#define SEBEZ_NODE_TOP_SCREEN_H

#include <stdio.h>

#include "node/top_view.h"

/* Rates are those between the two views. */
void top_screen_print(FILE *out, const char *where, const struct top_view *before,
                      const struct top_view *now);

#endif
