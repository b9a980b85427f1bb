/* well_known: which apps open links to this marketplace. docs/NOTIFICATIONS.md, "Links into
 * apps". */
#ifndef SEBEZ_NODE_WELL_KNOWN_H
#define SEBEZ_NODE_WELL_KNOWN_H

#include "node/config.h"

/* Once per process; the configuration lives as long. */
void well_known_start(const struct config *config);

/* A sentence about a setting that is wrong, or NULL. */
const char *well_known_mistake(const struct config *config);

#endif
