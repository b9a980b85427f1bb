/* sender: sending the rows of a batch of the outbox. Private to the area. */
#ifndef SEBEZ_SHOP_MAIL_SENDER_H
#define SEBEZ_SHOP_MAIL_SENDER_H

#include "shop/mail/mail.h"
#include "shop/outbox/outbox.h"
#include "task/task.h"

void mail_start(const struct mail_settings *settings); /* once per jobs process; copied */

void mail_webhook_start(const struct mail_settings *settings); /* once per process */
void mail_purge(struct task *task);                            /* job: forgets what is old */

/* Deliverer (shop/outbox/outbox.h). */
void mail_deliver(struct task *task, struct delivery rows[], size_t count);

#endif
