/* mail_setup: the mail server and the keys that the settings name, for processes and tools. */
#ifndef SEBEZ_NODE_MAIL_SETUP_H
#define SEBEZ_NODE_MAIL_SETUP_H

#include <stdbool.h>

#include "node/config.h"
#include "node/data_folder.h"
#include "node/secret.h"
#include "shop/mail/mail.h"

/* Reads the key of DKIM. Prints the error and returns -EINVAL when it is no good. */
int mail_setup_check(const struct config *config) __attribute__((warn_unused_result));

/* The settings for the shop. sends: with the key of DKIM, which lives as long as the process.
 * Prints the error and returns -EINVAL when that is no good. */
int mail_setup(const struct config *config, const struct secret *secret, bool sends,
               struct mail_settings *ret) __attribute__((warn_unused_result));

/* Of a demo without a mail server: makes and opens the folder `mail`, where mails go instead; -1
 * otherwise. Prints the error and returns -errno on failure. */
int mail_setup_folder(const struct config *config, const struct data_folder *data_folder,
                      int *ret_fd) __attribute__((warn_unused_result));

/* For `sebez check`: tells whether the mail server takes us, and of the key of DKIM. Runs the
 * loop. */
typedef void mail_report_fn(void *arg, bool good, const char *what, const char *detail);
void mail_setup_probe(const struct config *config, mail_report_fn *report);

/* Sends a mail as the settings say, and prints what became of it. Returns an exit status. Runs the
 * loop. */
int mail_setup_send(const struct config *config, const char *to);

#endif
