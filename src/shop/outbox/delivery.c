/*
 * delivery: the outcomes that deliverers report.
 */
#include <assert.h>
#include <sodium.h>
#include <string.h>

#include "base/backoff.h"
#include "base/codec.h"
#include "net/log.h"
#include "net/loop.h"
#include "shop/outbox/delivery_batch.h"

enum { WAIT_MIN_MS = 1000 };

static bool is_time_up(const struct delivery_batch *batch)
{
	return loop_now_ms() + outbox.options.attempt_ms > batch->part->deadline_ms;
}

bool delivery_begin(struct delivery *delivery)
{
	struct delivery_batch *batch = delivery->batch;

	assert(batch->part != NULL); /* the deliverer is running */
	assert(delivery->state == DELIVERY_UNTOUCHED);
	assert(!db_has_transaction(batch->part)); /* no external calls within a transaction */
	if (outbox.is_stopping || is_time_up(batch) ||
	    breaker_state(&batch->queue->breaker, loop_now_ms()) == BREAKER_OPEN)
		return false;
	delivery->state = DELIVERY_BEGUN;
	delivery->was_begun = true;
	return true;
}

void delivery_unsent(struct delivery *delivery)
{
	assert(delivery->state == DELIVERY_BEGUN && delivery->was_begun);
	delivery->state = DELIVERY_UNTOUCHED;
	delivery->was_begun = false;
}

int32_t delivery_attempts_max(const struct outbox_topic *topic)
{
	int32_t delays = 0;

	if (topic->delays_ms == NULL)
		return outbox.options.attempts_max;
	while (topic->delays_ms[delays] > 0)
		delays++;
	assert(delays > 0);
	return delays + 1;
}

bool delivery_is_last(const struct delivery *delivery)
{
	assert(delivery->attempt > 0);
	return delivery->attempt >= delivery_attempts_max(queue_topic(delivery->batch->queue));
}

/* A valid, truncated reason: the destination's answer may be any bytes. */
static const char *reason(struct arena *arena, const char *why)
{
	size_t length = strnlen(why, LIMIT_DELIVERY_REASON_BYTES);
	char *text;

	/* Do not cut within a character. */
	while (length > 0 && ((unsigned char)why[length] & 0xc0) == 0x80)
		length--;
	text = arena_strndup(arena, why, length);
	if (!utf8_is_valid(text, length))
		for (char *at = text; *at != '\0'; at++)
			if ((unsigned char)*at >= 0x80)
				*at = '?';
	assert(length <= LIMIT_DELIVERY_REASON_BYTES && utf8_is_valid(text, length));
	return text;
}

static void end_attempt(struct delivery *delivery, enum delivery_state state, const char *why)
{
	assert(delivery->state == DELIVERY_BEGUN);
	assert(state == DELIVERY_DELIVERED || why != NULL); /* a failure has its reason */
	delivery->state = state;
	if (why != NULL)
		delivery->why = reason(delivery->batch->task.arena, why);
}

void delivery_done(struct delivery *delivery)
{
	end_attempt(delivery, DELIVERY_DELIVERED, NULL);
	breaker_succeed(&delivery->batch->queue->breaker);
}

/* Before the attempt that follows this one. */
static int64_t backoff_of(const struct delivery *delivery)
{
	const struct outbox_options *options = &outbox.options;
	const int64_t *delays = queue_topic(delivery->batch->queue)->delays_ms;
	int64_t delay;

	if (delays == NULL)
		return backoff_ms((unsigned)delivery->attempt - 1, options->retry_first_ms,
		                  options->retry_max_ms, randombytes_random());
	delay = delays[delivery->attempt - 1];
	assert(delay > 0);
	return delay - delay / 10 + randombytes_random() % (delay / 5 + 1);
}

int64_t delivery_plan_retry(struct delivery *delivery, int64_t delay_ms)
{
	assert(delivery->attempt > 0 && delay_ms >= 0);
	assert(delivery->state == DELIVERY_BEGUN && delivery->planned_ms == 0);
	if (delivery_is_last(delivery)) {
		delivery->planned_ms = -1;
	} else {
		int64_t backoff = backoff_of(delivery);

		delivery->planned_ms = delay_ms > backoff ? delay_ms : backoff;
		delivery->planned_ms +=
		    delivery->planned_ms == 0; /* which says that it was not called */
	}
	return delivery->planned_ms;
}

void delivery_end_retry(struct delivery *delivery, int64_t delay_ms, const char *why)
{
	if (delivery->planned_ms == 0)
		delivery_plan_retry(delivery, delay_ms);
	delivery->delay_ms = delivery->planned_ms > 0 ? delivery->planned_ms : 0;
	end_attempt(delivery, delivery->planned_ms > 0 ? DELIVERY_RETRIED : DELIVERY_GIVEN_UP, why);
}

void delivery_retry(struct delivery *delivery, int64_t delay_ms, const char *why)
{
	delivery_end_retry(delivery, delay_ms, why);
	breaker_succeed(&delivery->batch->queue->breaker);
}

void delivery_unreachable(struct delivery *delivery, int64_t delay_ms, const char *why)
{
	struct queue *queue = delivery->batch->queue;

	delivery_end_retry(delivery, delay_ms, why);
	if (breaker_fail(&queue->breaker, &outbox.options.breaker, loop_now_ms(),
	                 randombytes_random()))
		LOG_WARNING("destination fails: left alone for a while",
		            log_str("topic", queue_topic(queue)->name),
		            log_str("destination", queue->destination),
		            log_str("why", delivery->why));
}

void delivery_give_up(struct delivery *delivery, const char *why)
{
	end_attempt(delivery, DELIVERY_GIVEN_UP, why);
	breaker_succeed(&delivery->batch->queue->breaker);
}

void delivery_skip(struct delivery *delivery)
{
	assert(delivery->state == DELIVERY_UNTOUCHED || delivery->state == DELIVERY_BEGUN);
	if (delivery->state == DELIVERY_BEGUN)
		breaker_succeed(&delivery->batch->queue->breaker);
	delivery->state = DELIVERY_SKIPPED;
}

void delivery_move(struct delivery *delivery, const char *destination)
{
	assert(delivery->state == DELIVERY_UNTOUCHED);
	assert(strlen(destination) <= LIMIT_DESTINATION_BYTES);
	assert(strcmp(destination, delivery->destination) != 0);
	delivery->state = DELIVERY_MOVED;
	delivery->move_to = arena_strdup(delivery->batch->task.arena, destination);
}

/* Checked again at twice its age: rarely for old rows, soon for new ones. */
void delivery_wait(struct delivery *delivery)
{
	assert(delivery->state == DELIVERY_UNTOUCHED);
	delivery->state = DELIVERY_WAITING;
	delivery->delay_ms = delivery->age_ms > WAIT_MIN_MS ? delivery->age_ms : WAIT_MIN_MS;
}

void delivery_postpone(struct delivery *delivery, int64_t delay_ms)
{
	assert(delivery->state == DELIVERY_UNTOUCHED || delivery->state == DELIVERY_BEGUN);
	assert(delay_ms > 0);
	if (delivery->state == DELIVERY_BEGUN)
		breaker_succeed(&delivery->batch->queue->breaker);
	delivery->state = DELIVERY_WAITING;
	delivery->delay_ms = delay_ms;
}
