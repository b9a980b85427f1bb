/* sms_setup: the providers of text messages that the settings name, for processes and tools. */
#ifndef SEBEZ_NODE_SMS_SETUP_H
#define SEBEZ_NODE_SMS_SETUP_H

#include "node/config.h"
#include "node/secret.h"
#include "shop/sms/sms.h"

struct sms_settings sms_setup(const struct config *config); /* without keys */

/* For processes that make and check codes. */
struct sms_settings sms_setup_with_keys(const struct config *config, const struct secret *secret);

/* Sends a message to a number as the settings say, and prints what became of it. Returns an exit
 * status. Runs the loop. */
int sms_setup_send(const struct config *config, const char *to);

#endif
