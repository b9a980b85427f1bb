/* batch: rows of the outbox with their mails. Private to the area. */
#ifndef SEBEZ_SHOP_MAIL_BATCH_H
#define SEBEZ_SHOP_MAIL_BATCH_H

#include "mail.sql.h"
#include "shop/mail/letter.h"
#include "shop/outbox/outbox.h"
#include "task/task.h"

struct mail_sending {
	struct delivery *delivery;
	struct letter letter;
	bool is_letter; /* an area wrote it; else it is of a notice */
};

struct mail_batch {
	struct task *task;
	struct mail_sending *sendings;
	size_t count;
	/* Each with room for one of each sending. */
	struct mail_suppress_refused *refused; /* addresses */
	size_t refused_count;
	struct uuid *sent; /* letters of areas */
	size_t sent_count;
};

/* Reads what is to be sent for these rows of the outbox; those that no longer concern anybody are
 * skipped. batch->task is set. */
void mail_read(struct mail_batch *batch, struct delivery rows[], size_t count);

#endif
