/*
 * deliver: leases, delivers and settles one batch of one queue.
 */
#include <assert.h>
#include <stddef.h>

#include "net/log.h"
#include "net/loop.h"
#include "outbox.sql.h"
#include "shop/outbox/delivery_batch.h"
#include "task/db.h"

enum {
	PRUNE_MAX = 5000,      /* rows per transaction */
	FINISH_MS = 5 * 1000,  /* for statements of a deliverer after its last attempt */
	SETTLE_MS = 20 * 1000, /* timeout of the settlement */
};

_Static_assert(LIMIT_DELIVERY_ATTEMPT_MS < LIMIT_DELIVERY_BATCH_MS, "a batch has attempts");
_Static_assert(LIMIT_DELIVERY_BATCH_MS + FINISH_MS + SETTLE_MS < LIMIT_DELIVERY_LEASE_MS,
               "a lease outlasts the batch and its settlement");

_Static_assert(offsetof(struct delivery_batch, task) == 0, "a task is cast to its batch");

void delivery_allow_time(struct task *task)
{
	int64_t until_ms = loop_now_ms() + FINISH_MS;

	assert(task->deadline_ms <= until_ms + LIMIT_DELIVERY_BATCH_MS);
	if (task->deadline_ms < until_ms)
		task->deadline_ms = until_ms;
}

/* The deliverer's task. */
struct part {
	struct task task; /* must be first: cast to the part */
	struct delivery_batch *batch;
};

_Static_assert(offsetof(struct part, task) == 0, "a task is cast to its part");

/* Lease. */

static void lease(struct delivery_batch *batch)
{
	struct db *db = db_of(&batch->task);
	const struct rows *rows =
	    sql_outbox_lease_queue(db, queue_topic(batch->queue)->name, batch->queue->destination,
	                           batch->rows_max, outbox.options.lease_ms);
	const struct outbox_lease_queue_row *row =
	    sql_outbox_lease_queue_rows(db, rows, &batch->count);

	assert(batch->count <= (size_t)batch->rows_max);
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
		assert(row[i].attempt > 0);
		assert(i == 0 || row[i].lease == batch->lease); /* one lease settles all */
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
	int32_t count = sql_outbox_postpone_rows(tx, postponed, NULL)->count;

	assert(count >= 0 && count <= PRUNE_MAX);
	return count == PRUNE_MAX;
}

/* Deliver. */

static void call_deliverer(struct task *task)
{
	struct delivery_batch *batch = ((struct part *)(void *)task)->batch;

	assert(batch->count > 0 && task == batch->part);
	queue_topic(batch->queue)->deliver(task, batch->rows, batch->count);
}

static void retry_alone(struct delivery *delivery, const char *why)
{
	assert(delivery->state == DELIVERY_BEGUN || delivery->state == DELIVERY_UNTOUCHED);
	delivery->state = DELIVERY_BEGUN;
	delivery_end_retry(delivery, 0, why);
	/* As after the death of a worker: outbox_lease_queue then delivers the row alone. */
	if (delivery->state == DELIVERY_RETRIED)
		delivery->why = NULL;
}

/* The deliverer failed, or reported no outcome for a row it had begun: deliver each row alone to
 * find the one that causes it. When it failed between attempts, or after them, no row is. */
static void retry_begun(struct delivery_batch *batch, const char *why)
{
	bool any_begun = false;

	for (size_t i = 0; i < batch->count; i++)
		any_begun |= batch->rows[i].was_begun;
	for (size_t i = 0; i < batch->count; i++)
		if (batch->rows[i].state == DELIVERY_BEGUN ||
		    (batch->rows[i].state == DELIVERY_UNTOUCHED && !any_begun))
			retry_alone(&batch->rows[i], why);
	LOG_WARNING("deliverer failed", log_str("topic", queue_topic(batch->queue)->name),
	            log_str("destination", batch->queue->destination), log_str("why", why));
}

static void deliver(struct delivery_batch *batch)
{
	const struct outbox_topic *topic = queue_topic(batch->queue);
	struct part part = {.batch = batch};
	const char *why;

	if (batch->count == 1 && batch->rows[0].attempt > delivery_attempts_max(topic)) {
		batch->rows[0].state = DELIVERY_GIVEN_UP;
		batch->rows[0].why = "No attempt came to its end.";
		if (topic->lost != NULL)
			topic->lost(&batch->task, batch->rows[0].subject_id);
		return;
	}
	batch->part = &part.task;
	why = task_attempt(&batch->task, &part.task, call_deliverer);
	for (size_t i = 0; i < batch->count && why == NULL; i++)
		if (batch->rows[i].state == DELIVERY_BEGUN)
			why = "The deliverer did not say what became of it.";
	if (why != NULL)
		retry_begun(batch, why);
	batch->part = NULL;
}

/* Settle. */

/* The rows of a batch, grouped by the change in the database. */
struct settled {
	int64_t *gone;
	struct outbox_bury_dead *dead;
	struct outbox_put_back_returned *returned;
	size_t gone_count, dead_count, returned_count;
};

/* Only attempts that were made count; and none for a row that waits on purpose. */
static void put_back(struct settled *settled, const struct delivery *row)
{
	bool was_tried = row->state == DELIVERY_RETRIED, waits = row->state == DELIVERY_WAITING;

	assert(row->attempt > 0 && row->delay_ms >= 0);
	assert(row->state != DELIVERY_MOVED || row->move_to != NULL);
	settled->returned[settled->returned_count++] = (struct outbox_put_back_returned){
	    .id = row->row_id,
	    .delay_ms = row->delay_ms,
	    .attempts = waits       ? 0
	                : was_tried ? row->attempt
	                            : row->attempt - 1,
	    .why = waits       ? NULL
	           : was_tried ? row->why
	                       : row->last_why,
	    .destination = row->state == DELIVERY_MOVED ? row->move_to : row->destination,
	};
}

static void group_dead(struct settled *settled, const struct delivery *row)
{
	assert(row->why != NULL);
	if (queue_topic(row->batch->queue)->drop_failed)
		settled->gone[settled->gone_count++] = row->row_id;
	else
		settled->dead[settled->dead_count++] =
		    (struct outbox_bury_dead){.id = row->row_id, .why = row->why};
}

static void group_row(struct settled *settled, const struct delivery *row)
{
	switch (row->state) {
	case DELIVERY_DELIVERED:
	case DELIVERY_SKIPPED:
		settled->gone[settled->gone_count++] = row->row_id;
		break;
	case DELIVERY_GIVEN_UP:
		group_dead(settled, row);
		break;
	case DELIVERY_UNTOUCHED:
	case DELIVERY_RETRIED:
	case DELIVERY_MOVED:
	case DELIVERY_WAITING:
		put_back(settled, row);
		break;
	case DELIVERY_BEGUN:
		assert(!"retry_begun() has ended it");
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
		group_row(&settled, &batch->rows[i]);
	assert(settled.gone_count + settled.dead_count + settled.returned_count == batch->count);
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

	batch->may_have_more = prune(batch);
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
	batch->may_have_more =
	    any_settled && (batch->count == (size_t)batch->rows_max || batch->count == 1);
}

bool delivery_run(struct queue *queue, int32_t rows_max)
{
	struct delivery_batch batch = {
	    .task = {.deadline_ms = loop_now_ms() + outbox.options.batch_ms,
	             .actor = {.kind = ACTOR_JOBS},
	             .name = queue_topic(queue)->name},
	    .queue = queue,
	    .rows_max = rows_max,
	};

	assert(outbox.is_started && queue->is_busy); /* one fiber per queue */
	assert(rows_max > 0 && rows_max <= LIMIT_DELIVERY_BATCH);
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
	return batch.may_have_more;
}
