/* account_setup: what the settings say about signing in, for processes that serve. */
#ifndef SEBEZ_NODE_ACCOUNT_SETUP_H
#define SEBEZ_NODE_ACCOUNT_SETUP_H

#include "node/config.h"
#include "shop/accounts/accounts.h"

/* Once per process: its texts stay. */
struct account_settings account_setup(const struct config *config);

/* A sentence that names the setting; NULL: all are well. */
const char *account_setup_mistake(const struct config *config);

#endif
