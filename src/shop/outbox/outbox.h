/*
 * outbox: effects outside the database that follow a transaction. The transaction that causes an
 * effect writes a row with a topic to the outbox; the jobs processes of all servers share the rows.
 *
 * Rows are leased in one short transaction, delivered outside any transaction, and settled in
 * another. So a row is delivered again when its worker dies or its lease ends meanwhile; receivers
 * detect repetitions by delivery->id. Each (topic, destination) is a queue: a jobs process serves
 * it with one fiber, and many queues concurrently. After several failures in a row a destination is
 * paused (base/breaker.h), which costs its rows no attempts. A row without attempts left becomes a
 * dead letter, which an admin may replay or drop.
 *
 * Rows of unknown topics are kept for a program version that knows them.
 */
#ifndef SEBEZ_SHOP_OUTBOX_OUTBOX_H
#define SEBEZ_SHOP_OUTBOX_OUTBOX_H

#include "base/breaker.h"
#include "shop/area.h"
#include "task/db.h"
#include "task/params.h"

extern const struct area AREA_OUTBOX;

enum delivery_state {
	DELIVERY_UNTOUCHED,
	DELIVERY_BEGUN,
	DELIVERY_DELIVERED,
	DELIVERY_SKIPPED,
	DELIVERY_RETRIED,
	DELIVERY_GIVEN_UP,
	DELIVERY_MOVED,
	DELIVERY_WAITING,
};

/* A row to deliver. */
struct delivery {
	struct uuid id; /* the same in every attempt, also after a replay */
	struct uuid subject_id;
	const char *payload;     /* JSON */
	const char *destination; /* as written or moved; "" when the topic has only one */
	int64_t row_id;          /* id in the outbox, for statements that read it */
	int64_t age_ms;
	int32_t attempt; /* 1: the first */

	/* Set and read by the functions below. */
	struct delivery_batch *batch;
	enum delivery_state state;
	bool was_begun;
	int64_t delay_ms;
	const char *why;
	const char *last_why; /* of the last attempt; NULL: none, or its worker died */
	const char *move_to;
	int64_t planned_ms; /* as delivery_plan_retry() returned; 0: not called */
};

struct outbox_topic {
	const char *name;
	/* Called on a fiber of its own with rows of one destination; reports the
	 * outcome of each with the functions below. It may end its task: then the rows it had begun
	 * are retried one by one. NULL: rows wait for a program version with a deliverer. */
	void (*deliver)(struct task *task, struct delivery rows[], size_t count);
	/* Collects statements that delete obsolete due rows, before the others are leased; looks at
	 * the first `rows_max` rows. NULL: nothing to prune. */
	void (*prune)(struct db *batch, int32_t rows_max);
	/* A row is given up because no process survived its last attempt: called in a task of its
	 * batch, perhaps again. For a deliverer that keeps a record. NULL: nobody need know. */
	void (*lost)(struct task *task, struct uuid subject_id);
	int32_t expire_s;  /* the age at which a row is no longer delivered */
	bool drop_expired; /* deletes expired rows; else they become dead letters */
	bool drop_failed;  /* deletes rows that failed for good, of which the deliverer keeps a
	                      record */
	/* The delays between attempts, each a tenth longer or shorter by chance; ends with 0. NULL:
	 * the back-off and the number of attempts of outbox_options. */
	const int64_t *delays_ms;
};

/* Call before each attempt. False when no attempt may start: the breaker is open, the time of the
 * batch is up, or the process stops; then report nothing for the row, it is delivered later.
 * Asserts that the task has no open transaction. An attempt may take LIMIT_DELIVERY_ATTEMPT_MS. */
bool delivery_begin(struct delivery *delivery);

/* What delivery_retry() and delivery_unreachable() will do with this minimum of a delay, for a
 * record that is written before: the delay, or -1 when the row has no attempts left. Their own
 * minimum is ignored then. */
int64_t delivery_plan_retry(struct delivery *delivery, int64_t delay_ms);

/* Call after the attempt. why: the destination's answer, for admins. delay_ms: minimum delay before
 * the next attempt; the back-off may be longer. */
void delivery_done(struct delivery *delivery);
void delivery_retry(struct delivery *delivery, int64_t delay_ms, const char *why);
/* As delivery_retry, when the destination itself failed (no connection, no answer, an internal
 * error), which counts for its breaker. */
void delivery_unreachable(struct delivery *delivery, int64_t delay_ms, const char *why);
/* Permanent failure: the row becomes a dead letter. */
void delivery_give_up(struct delivery *delivery, const char *why);

/* The attempt was not made, because this process could not: as if it had not begun. The row is
 * delivered later. */
void delivery_unsent(struct delivery *delivery);
/* Before statements of the deliverer after its last attempt, which may have taken all of its time:
 * gives them a few seconds, after which the lease still holds for the settlement. */
void delivery_allow_time(struct task *task);
/* Whether a failure makes the row a dead letter. */
bool delivery_is_last(const struct delivery *delivery);

/* skip: the row is obsolete; also after an attempt that has shown it. The others without one. move:
 * it belongs to the queue of another destination; wait: no channel that could deliver it is
 * configured, so it waits until one is or it expires; postpone: it is not to be delivered yet, as
 * may be found after an attempt, too. A row that waits has all attempts again. */
void delivery_skip(struct delivery *delivery);
void delivery_move(struct delivery *delivery, const char *destination);
void delivery_wait(struct delivery *delivery);
void delivery_postpone(struct delivery *delivery, int64_t delay_ms);

enum outbox_outcome {
	OUTBOX_DELIVERED,
	OUTBOX_SKIPPED,
	OUTBOX_RETRIED,
	OUTBOX_DEAD,
	OUTBOX_LOST, /* lease ended: another worker delivers it, too */
	OUTBOX_EXPIRED,
	OUTBOX_OUTCOME_COUNT,
};
extern const char *const OUTBOX_OUTCOME_NAMES[OUTBOX_OUTCOME_COUNT];

struct outbox_options {
	int32_t attempts_max;
	int64_t retry_first_ms, retry_max_ms;
	struct breaker_options breaker;
	int64_t batch_ms;   /* time limit of a deliverer for one batch */
	int64_t attempt_ms; /* no attempt starts with less of batch_ms left */
	int64_t lease_ms;   /* longer than a batch and its settlement take */
};

/* The limits of base/limits.h. */
struct outbox_options outbox_defaults(void);

/* Call once per jobs process, before its loop runs. Uses the topics of AREAS. */
void outbox_start(const struct outbox_options *options);
/* Starts no more attempts. */
void outbox_drain(void);
bool outbox_is_busy(void); /* a delivery is running */

/* Jobs. */
void outbox_dispatch(struct task *task); /* starts fibers for queues with due rows */
void outbox_measure(struct task *task);  /* for outbox_gauges */
/* Deletes old dead letters, expired rows and old idempotency keys. */
void outbox_purge(struct task *task);

struct outbox_gauges {
	uint64_t pending;  /* rows, counted up to LIMIT_OUTBOX_COUNTED */
	uint64_t oldest_s; /* age of the oldest that waits for nothing but its delivery */
	uint64_t dead;
	uint64_t open, half_open; /* breakers of this process */
	uint64_t outcomes[OUTBOX_OUTCOME_COUNT];
};
/* topic: one of those found by outbox_start. */
void outbox_gauges(const struct outbox_topic *topic, struct outbox_gauges *ret);

#endif
