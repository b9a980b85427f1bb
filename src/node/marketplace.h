/*
 * marketplace: settings that a new marketplace begins with. They are read from the configuration
 * once, when its database is made; after that admins change them (PUT /v1/admin/settings), all but
 * the currency, which nobody does.
 */
#ifndef SEBEZ_NODE_MARKETPLACE_H
#define SEBEZ_NODE_MARKETPLACE_H

#include <libpq-fe.h>

#include "node/config.h"

/* Both say what went wrong and return -errno. */
int marketplace_fill(PGconn *conn, const struct config *config) __attribute__((warn_unused_result));
/* -EINVAL when SEBEZ_CURRENCY names another currency than the database's. */
int marketplace_check(PGconn *conn, const struct config *config)
    __attribute__((warn_unused_result));

#endif
