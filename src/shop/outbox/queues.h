/*
 * queues: the (topic, destination) pairs that this jobs process serves or whose failures it
 * remembers. Private to the outbox.
 */
#ifndef SEBEZ_SHOP_OUTBOX_QUEUES_H
#define SEBEZ_SHOP_OUTBOX_QUEUES_H

#include "base/limits.h"
#include "base/list.h"
#include "shop/outbox/outbox.h"

struct queue {
	struct list_node node; /* in outbox.queues */
	struct list_node next; /* in outbox.starting */
	size_t topic;          /* index in outbox.topics */
	struct breaker breaker;
	bool is_busy;        /* a fiber serves it or is starting */
	bool is_asked;       /* while it is busy: it may have got rows since its last lease */
	bool is_slow;        /* its last batch took LIMIT_DELIVERY_SLOW_MS */
	bool counts_as_slow; /* in slow_of, while it is busy */
	char destination[LIMIT_DESTINATION_BYTES + 1];
};

extern struct outbox {
	struct outbox_options options;
	const struct outbox_topic **topics;
	size_t topic_count;
	bool is_started, is_stopping;
	struct list_node queues; /* busy, slow, or with failures in the breaker */
	unsigned queue_count;
	unsigned busy;
	/* Per element of topics[]. */
	unsigned *busy_of;
	unsigned *slow_of; /* of those that were slow when they became busy */
	struct outbox_gauges *gauges;
} outbox;

/* Leases, delivers and settles up to `rows_max` due rows. Returns whether more rows may be due now.
 * Runs a task of its own on the calling fiber. */
bool delivery_run(struct queue *queue, int32_t rows_max);

static inline const struct outbox_topic *queue_topic(const struct queue *queue)
{
	return outbox.topics[queue->topic];
}

void outbox_count(size_t topic, enum outbox_outcome outcome, uint64_t count);

#endif
