/* identity_setup: what the settings say about Google and Apple. */
#ifndef SEBEZ_NODE_IDENTITY_SETUP_H
#define SEBEZ_NODE_IDENTITY_SETUP_H

#include "node/config.h"
#include "shop/accounts/accounts.h"

/* Once per process: its texts and the key stay. Prints what is wrong with APPLE_KEY_FILE and
 * returns -EINVAL. */
int identity_setup(const struct config *config, struct identity_settings *ret)
    __attribute__((warn_unused_result));

/* Whether identity_setup() will do: prints and returns likewise. */
int identity_setup_check(const struct config *config) __attribute__((warn_unused_result));

/* A sentence that names the setting; NULL: all are well. Reads no file. */
const char *identity_setup_mistake(const struct config *config);

/* Reports whether the key can be read and the providers' keys can be had. Uses the loop. */
void identity_setup_probe(const struct config *config, accounts_report_fn *report);

#endif
