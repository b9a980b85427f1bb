/*
 * outbox: effects that leave. Whatever has an effect elsewhere writes a row of the outbox in its
 * own transaction; the jobs process takes the rows with a lease, several servers side by side, and
 * gives those of each topic to its consumer.
 *
 * A consumer collects its effect in a batch that also marks the rows done, as one transaction: each
 * row has its effect exactly once. What fails comes again, later each time. Rows of a topic that
 * this program does not know stay for one that does.
 */
#ifndef SEBEZ_SHOP_OUTBOX_OUTBOX_H
#define SEBEZ_SHOP_OUTBOX_OUTBOX_H

#include "shop/area.h"
#include "task/db.h"
#include "task/params.h"

extern const struct area AREA_OUTBOX;

struct outbox_topic {
	const char *name; /* as in outbox.topic */
	/* NULL: rows are only marked done. The notices' ids are for consumers that read their
	 * payloads. */
	void (*consume)(struct db *batch, struct uuid_array subject_ids,
	                struct bigint_array notice_ids);
};

/* Jobs. */
void outbox_deliver(struct task *task);
/* Forgets rows that were done long ago, and idempotency keys that nobody repeats any more. */
void outbox_purge(struct task *task);

#endif
