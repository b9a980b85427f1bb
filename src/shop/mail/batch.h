/* batch: rows of the outbox with their mails. Private to the area. */
#ifndef SEBEZ_SHOP_MAIL_BATCH_H
#define SEBEZ_SHOP_MAIL_BATCH_H

#include "mail.sql.h"
#include "shop/mail/letter.h"
#include "shop/outbox/outbox.h"
#include "task/task.h"

enum mail_kind {
	MAIL_OF_NOTICE,
	MAIL_OF_AREA, /* a letter (mail_write()) */
	MAIL_OF_DIGEST,
};

struct mail_sending {
	struct delivery *delivery;
	enum mail_kind kind;
	struct uuid account_id; /* but of a letter */
	const void *rows;       /* what it tells, of the statement of its kind */
	size_t row_count;
	struct letter letter; /* once it is composed */
};

struct mail_batch {
	struct task *task;
	struct mail_sending *sendings;
	size_t count;
	/* Each with room for one of each row. */
	struct mail_suppress_refused *refused; /* addresses */
	size_t refused_count;
	struct uuid *ended; /* letters of areas: sent, or skipped */
	size_t ended_count;
	struct uuid *done; /* digests that need no further attempt */
	size_t done_count;
};

/* Reads what is to be sent for these rows of the outbox; those that no longer concern anybody are
 * skipped. batch->task is set. */
void mail_read(struct mail_batch *batch, struct delivery rows[], size_t count);

/* Writes the letter, right before it is sent: the texts of a batch of full digests together would
 * be too much. False: what it is about is there no more. */
bool mail_compose(struct arena *arena, struct mail_sending *sending);

#endif
