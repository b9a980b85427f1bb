/*
 * marketplace: initial settings of a new marketplace. They are read from the configuration once,
 * when its database is created. After that admins change them (PUT /v1/admin/settings), except the
 * currency, which is fixed.
 */
#ifndef SEBEZ_NODE_MARKETPLACE_H
#define SEBEZ_NODE_MARKETPLACE_H

#include <libpq-fe.h>

#include "node/config.h"

/* Both print the error and return -errno on failure. */
int marketplace_fill(PGconn *conn, const struct config *config) __attribute__((warn_unused_result));
/* -EINVAL when SEBEZ_CURRENCY differs from the database's currency. */
int marketplace_check(PGconn *conn, const struct config *config)
    __attribute__((warn_unused_result));

#endif
