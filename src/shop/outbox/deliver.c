/*
 * deliver: leases, delivers and settles one batch of one queue, and records the outcomes that
 * deliverers report.
 */
#include <assert.h>
#include <sodium.h>
#include <string.h>

#include "base/backoff.h"
#include "base/codec.h"
#include "net/log.h"
#include "net/loop.h"
#include "outbox.sql.h"
#include "shop/outbox/queues.h"
#include "task/db.h"

enum {
	PRUNE_MAX = 5000,      /* rows per transaction */
	SETTLE_MS = 20 * 1000, /* timeout of the settlement */
	WAIT_MIN_MS = 1000,
};

struct delivery_batch {
	struct task task; /* must be first: cast to the batch */
	struct queue *queue;
	int32_t most;
	struct delivery *rows;
	size_t count;
	int64_t lease;
	struct task *part; /* the deliverer's task */
	bool may_go_on;
};

/* The deliverer's task. */
struct part {
	struct task task; /* must be first: cast to the part */
	struct delivery_batch *batch;
};

/* Outcomes reported by deliverers. */

static bool is_time_up(const struct delivery_batch *batch)
{
	return loop_now_ms() + outbox.options.attempt_ms > batch->part->deadline_ms;
}

bool delivery_begin(struct delivery *delivery)
{
	struct delivery_batch *batch = delivery->batch;

	assert(delivery->state == DELIVERY_UNTOUCHED);
	assert(!db_has_transaction(batch->part)); /* no external calls within a transaction */
	if (outbox.is_stopping || is_time_up(batch) ||
	    breaker_state(&batch->queue->breaker, loop_now_ms()) == BREAKER_OPEN)
		return false;
	delivery->state = DELIVERY_BEGUN;
	return true;
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
	return text;
}

static void end_attempt(struct delivery *delivery, enum delivery_state state, const char *why)
{
	assert(delivery->state == DELIVERY_BEGUN);
	delivery->state = state;
	if (why != NULL)
		delivery->why = reason(delivery->batch->task.arena, why);
}

void delivery_done(struct delivery *delivery)
{
	end_attempt(delivery, DELIVERY_DELIVERED, NULL);
	breaker_succeed(&delivery->batch->queue->breaker);
}

/* Retries the row with back-off, or gives it up after the last attempt. */
static void retry(struct delivery *delivery, int64_t delay_ms, const char *why)
{
	const struct outbox_options *options = &outbox.options;
	int64_t backoff = backoff_ms((unsigned)delivery->attempt - 1, options->retry_first_ms,
	                             options->retry_max_ms, randombytes_random());

	assert(delivery->attempt > 0 && delay_ms >= 0);
	delivery->delay_ms = delay_ms > backoff ? delay_ms : backoff;
	end_attempt(
	    delivery,
	    delivery->attempt < options->attempts_max ? DELIVERY_RETRIED : DELIVERY_GIVEN_UP, why);
}

void delivery_retry(struct delivery *delivery, int64_t delay_ms, const char *why)
{
	retry(delivery, delay_ms, why);
	breaker_succeed(&delivery->batch->queue->breaker);
}

void delivery_unreachable(struct delivery *delivery, int64_t delay_ms, const char *why)
{
	struct queue *queue = delivery->batch->queue;

	retry(delivery, delay_ms, why);
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
	assert(delivery->state == DELIVERY_UNTOUCHED);
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

/* Lease. */

static void lease(struct delivery_batch *batch)
{
	struct db *db = db_of(&batch->task);
	const struct rows *rows =
	    sql_outbox_lease(db, queue_topic(batch->queue)->name, batch->queue->destination,
	                     batch->most, outbox.options.lease_ms);
	const struct outbox_lease_row *row = sql_outbox_lease_rows(db, rows, &batch->count);

	batch->rows = arena_array(batch->task.arena, batch->count, sizeof(batch->rows[0]));
	for (size_t i = 0; i < batch->count; i++) {
		batch->rows[i] = (struct delivery){
		    .id = row[i].delivery,
		    .subject_id = row[i].subject_id,
		    .payload = row[i].payload,
		    .destination = batch->queue->destination,
		    .row_id = row[i].id,
		    .age_ms = row[i].age_ms,
		    .attempt = row[i].attempt,
		    .batch = batch,
		    .last_why = row[i].failed_with,
		};
		batch->lease = row[i].lease;
	}
}

/* Handles obsolete rows, and rows without a deliverer, in bulk: they may be many. Returns whether
 * there may be more of them. */
static bool prune(struct delivery_batch *batch)
{
	const struct outbox_topic *topic = queue_topic(batch->queue);
	struct db *tx = db_batch(&batch->task);
	const struct rows *postponed;

	if (topic->deliver != NULL && topic->prune == NULL)
		return false;
	if (topic->prune != NULL)
		topic->prune(tx, PRUNE_MAX);
	if (topic->deliver != NULL) {
		db_run(tx);
		return false;
	}
	postponed = sql_outbox_postpone(tx, topic->name, batch->queue->destination, PRUNE_MAX);
	db_run(tx);
	return sql_outbox_postpone_rows(tx, postponed, NULL)->count == PRUNE_MAX;
}

/* Deliver. */

static void call_deliverer(struct task *task)
{
	struct delivery_batch *batch = ((struct part *)(void *)task)->batch;

	queue_topic(batch->queue)->deliver(task, batch->rows, batch->count);
}

static void retry_alone(struct delivery *delivery, const char *why)
{
	delivery->state = DELIVERY_BEGUN;
	retry(delivery, 0, why);
	/* As after the death of a worker: outbox_lease then delivers the row alone. */
	if (delivery->state == DELIVERY_RETRIED)
		delivery->why = NULL;
}

/* The deliverer failed, or reported no outcome for a row it had begun: deliver each row alone to
 * find the one that causes it. */
static void blame(struct delivery_batch *batch, const char *why)
{
	bool any_begun = false;

	for (size_t i = 0; i < batch->count; i++)
		any_begun |= batch->rows[i].state == DELIVERY_BEGUN;
	for (size_t i = 0; i < batch->count; i++)
		if (batch->rows[i].state == DELIVERY_BEGUN ||
		    (batch->rows[i].state == DELIVERY_UNTOUCHED && !any_begun))
			retry_alone(&batch->rows[i], why);
	LOG_WARNING("deliverer failed", log_str("topic", queue_topic(batch->queue)->name),
	            log_str("destination", batch->queue->destination), log_str("why", why));
}

static void deliver(struct delivery_batch *batch)
{
	struct part part = {.batch = batch};
	const char *why;

	if (batch->count == 1 && batch->rows[0].attempt > outbox.options.attempts_max) {
		batch->rows[0].state = DELIVERY_GIVEN_UP;
		batch->rows[0].why = "No attempt came to its end.";
		return;
	}
	batch->part = &part.task;
	why = task_attempt(&batch->task, &part.task, call_deliverer);
	for (size_t i = 0; i < batch->count && why == NULL; i++)
		if (batch->rows[i].state == DELIVERY_BEGUN)
			why = "The deliverer did not say what became of it.";
	if (why != NULL)
		blame(batch, why);
}

/* Settle. */

/* The rows of a batch, grouped by the change in the database. */
struct settled {
	int64_t *gone;
	struct outbox_bury_dead *dead;
	struct outbox_put_back_returned *returned;
	size_t gone_count, dead_count, returned_count;
};

/* Only attempts that were made count. */
static void put_back(struct settled *settled, const struct delivery *row)
{
	bool was_tried = row->state == DELIVERY_RETRIED;

	settled->returned[settled->returned_count++] = (struct outbox_put_back_returned){
	    .id = row->row_id,
	    .delay_ms = row->delay_ms,
	    .attempts = was_tried ? row->attempt : row->attempt - 1,
	    .why = was_tried ? row->why : row->last_why,
	    .destination = row->state == DELIVERY_MOVED ? row->move_to : row->destination,
	};
}

static void sort_out(struct settled *settled, const struct delivery *row)
{
	switch (row->state) {
	case DELIVERY_DELIVERED:
	case DELIVERY_SKIPPED:
		settled->gone[settled->gone_count++] = row->row_id;
		break;
	case DELIVERY_GIVEN_UP:
		settled->dead[settled->dead_count++] =
		    (struct outbox_bury_dead){.id = row->row_id, .why = row->why};
		break;
	case DELIVERY_UNTOUCHED:
	case DELIVERY_RETRIED:
	case DELIVERY_MOVED:
	case DELIVERY_WAITING:
		put_back(settled, row);
		break;
	case DELIVERY_BEGUN:
		assert(!"blame() has settled it");
	}
}

static void count_outcomes(const struct delivery_batch *batch, uint64_t lost)
{
	uint64_t counts[OUTBOX_OUTCOME_COUNT] = {[OUTBOX_LOST] = lost};

	for (size_t i = 0; i < batch->count; i++) {
		counts[OUTBOX_DELIVERED] += batch->rows[i].state == DELIVERY_DELIVERED;
		counts[OUTBOX_SKIPPED] += batch->rows[i].state == DELIVERY_SKIPPED;
		counts[OUTBOX_RETRIED] += batch->rows[i].state == DELIVERY_RETRIED;
		counts[OUTBOX_DEAD] += batch->rows[i].state == DELIVERY_GIVEN_UP;
	}
	for (int i = 0; i < OUTBOX_OUTCOME_COUNT; i++)
		outbox_count(batch->queue->topic, (enum outbox_outcome)i, counts[i]);
	if (lost > 0)
		LOG_WARNING("leases ended during delivery",
		            log_str("topic", queue_topic(batch->queue)->name),
		            log_str("destination", batch->queue->destination),
		            log_int("rows", (int64_t)lost));
}

/* Settles all rows in one transaction. Rows whose lease has ended are unchanged: they may be leased
 * by another worker. */
static void settle(struct delivery_batch *batch)
{
	struct arena *arena = batch->task.arena;
	struct settled settled = {
	    .gone = arena_array(arena, batch->count, sizeof(*settled.gone)),
	    .dead = arena_array(arena, batch->count, sizeof(*settled.dead)),
	    .returned = arena_array(arena, batch->count, sizeof(*settled.returned)),
	};
	struct db *tx = db_batch(&batch->task);
	const struct rows *gone, *dead, *returned;
	int64_t done;

	for (size_t i = 0; i < batch->count; i++)
		sort_out(&settled, &batch->rows[i]);
	gone = sql_outbox_delivered(tx, (struct bigint_array){settled.gone_count, settled.gone},
	                            batch->lease);
	dead = sql_outbox_bury(tx, settled.dead_count, settled.dead, batch->lease);
	returned = sql_outbox_put_back(tx, settled.returned_count, settled.returned, batch->lease);
	db_run(tx);
	done = sql_outbox_delivered_rows(tx, gone, NULL)->count +
	       sql_outbox_bury_rows(tx, dead, NULL)->count +
	       sql_outbox_put_back_rows(tx, returned, NULL)->count;
	assert(done >= 0 && (size_t)done <= batch->count);
	count_outcomes(batch, batch->count - (uint64_t)done);
}

static void run(struct task *task)
{
	struct delivery_batch *batch = (struct delivery_batch *)(void *)task;
	bool any_settled = false;

	batch->may_go_on = prune(batch);
	if (queue_topic(batch->queue)->deliver == NULL)
		return;
	lease(batch);
	if (batch->count == 0)
		return;
	deliver(batch);
	task->deadline_ms = loop_now_ms() + SETTLE_MS;
	settle(batch);
	for (size_t i = 0; i < batch->count; i++)
		any_settled |= batch->rows[i].state != DELIVERY_UNTOUCHED;
	/* After a row that was delivered alone, others may be due. */
	batch->may_go_on =
	    any_settled && (batch->count == (size_t)batch->most || batch->count == 1);
}

bool delivery_run(struct queue *queue, int32_t most)
{
	struct delivery_batch batch = {
	    .task = {.deadline_ms = loop_now_ms() + outbox.options.batch_ms,
	             .actor = {.kind = ACTOR_JOBS},
	             .name = queue_topic(queue)->name},
	    .queue = queue,
	    .most = most,
	};

	uuid_format(uuid_v7(), batch.task.request_id);
	batch.task.arena = arena_new(LIMIT_REQUEST_ARENA_BYTES, task_arena_full, &batch.task);
	if (!task_run(&batch.task, run))
		LOG_WARNING("deliveries were not settled: they come again when their lease ends",
		            log_str("topic", queue_topic(queue)->name),
		            log_str("destination", queue->destination),
		            log_str("why", batch.task.problem.log != NULL
		                               ? batch.task.problem.log
		                               : batch.task.problem.detail));
	arena_free(batch.task.arena);
	return batch.may_go_on;
}
