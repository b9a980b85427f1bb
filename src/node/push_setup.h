/* push_setup: the providers of push messages that the settings name, for processes and tools. */
#ifndef SEBEZ_NODE_PUSH_SETUP_H
#define SEBEZ_NODE_PUSH_SETUP_H

#include "node/config.h"
#include "shop/push/push.h"

struct push_settings push_setup(const struct config *config);

/* Reads the files of the credentials. Prints the error and returns -EINVAL when one is no good. */
int push_setup_check(const struct config *config) __attribute__((warn_unused_result));

/* For `sebez check`: tells of each provider that is configured whether it takes our credentials.
 * Runs the loop. */
void push_setup_probe(const struct config *config, push_report_fn *report);

#endif
