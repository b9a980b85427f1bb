/* sms_setup: the providers of text messages that the settings name, for processes and tools. */
#ifndef SEBEZ_NODE_SMS_SETUP_H
#define SEBEZ_NODE_SMS_SETUP_H

#include "node/config.h"
#include "shop/sms/sms.h"

struct sms_settings sms_setup(const struct config *config);

/* Sends a message to a number as the settings say, and prints what became of it. Returns an exit
 * status. Runs the loop. */
int sms_setup_send(const struct config *config, const char *to);

#endif
