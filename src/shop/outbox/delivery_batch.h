/*
 * delivery_batch: rows of one queue, while they are leased. Private to deliver.c, which leases,
 * delivers and settles them, and delivery.c, which records outcomes.
 */
#ifndef SEBEZ_SHOP_OUTBOX_DELIVERY_BATCH_H
#define SEBEZ_SHOP_OUTBOX_DELIVERY_BATCH_H

#include "shop/outbox/queues.h"

struct delivery_batch {
	struct task task; /* must be first: cast to the batch */
	struct queue *queue;
	int32_t rows_max;
	struct delivery *rows;
	size_t count;
	int64_t lease;
	struct task *part; /* the deliverer's task; NULL: it is not running */
	bool may_have_more;
};

/* Ends an attempt: the row is retried with back-off, or given up after the last attempt. */
void delivery_end_retry(struct delivery *delivery, int64_t delay_ms, const char *why);

int32_t delivery_attempts_max(const struct outbox_topic *topic);

#endif
