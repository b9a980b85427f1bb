/*
 * outbox: effects that follow a transaction. Whoever causes one writes a row of the outbox in the
 * transaction of the cause; the jobs processes of all servers share the rows. A row has a topic,
 * and topics are of two kinds:
 *
 * OUTBOX_IN_TRANSACTION: the effect is in the same database. The consumer collects it in the batch
 * that marks the rows done, so each row has its effect exactly once. What fails is tried again,
 * later each time.
 *
 * OUTBOX_DELIVER: the effect is outside. Rows are leased in one short transaction, delivered in
 * none, and settled in another, so a row whose worker dies is delivered again, and so is one whose
 * lease ended meanwhile. Receivers recognise repetitions by delivery->id. Each (topic, destination)
 * is a queue: a jobs process works on it with one fiber, and on many queues side by side. A
 * destination that fails several times in a row is left alone for a while (base/breaker.h), which
 * costs its rows no attempts. A row whose attempts are used up becomes a dead letter, which an
 * admin may replay or drop.
 *
 * Rows of a topic that this program does not know stay for one that does.
 */
#ifndef SEBEZ_SHOP_OUTBOX_OUTBOX_H
#define SEBEZ_SHOP_OUTBOX_OUTBOX_H

#include "base/breaker.h"
#include "shop/area.h"
#include "task/db.h"
#include "task/params.h"

extern const struct area AREA_OUTBOX;

enum outbox_kind { OUTBOX_IN_TRANSACTION, OUTBOX_DELIVER };

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

/* A row that is to be delivered. */
struct delivery {
	struct uuid id; /* the same in every attempt, also after a replay */
	struct uuid subject_id;
	const char *payload;     /* JSON */
	const char *destination; /* as the row was written or moved; "" for the topic's only one */
	int64_t row_id;          /* for statements that read the outbox */
	int64_t age_ms;
	int32_t attempt; /* 1: the first */

	/* Of the functions below. */
	struct delivery_batch *batch;
	enum delivery_state state;
	int64_t delay_ms;
	const char *why;
	const char *last_why; /* of the attempt before; NULL: there was none, or its worker died */
	const char *move_to;
};

struct outbox_topic {
	const char *name;
	enum outbox_kind kind;

	/* OUTBOX_IN_TRANSACTION: collects the effect of the rows. NULL: they have none yet. */
	void (*consume)(struct db *batch, struct uuid_array subject_ids,
	                struct bigint_array row_ids);

	/* OUTBOX_DELIVER: called on a fiber of its own with rows of one destination, and says by
	 * the functions below what became of each. It may end its task: then the rows that it had
	 * begun are tried again one by one. NULL: rows wait for a program that has one. */
	void (*deliver)(struct task *task, struct delivery rows[], size_t count);
	/* Collects what deletes due rows that nobody needs any more, before the others are leased;
	 * it looks at the first `most`. NULL: there are none. */
	void (*prune)(struct db *batch, int32_t most);
	int32_t expire_s;  /* the age at which a row is no longer delivered */
	bool drop_expired; /* it is no news then; else it becomes a dead letter */
};

/* Before each attempt. False when there must be none now: the breaker is open, the time of the
 * batch is over, or the process stops; then the row comes again and nothing is said of it. Asserts
 * that the task has no open transaction. An attempt may take LIMIT_DELIVERY_ATTEMPT_MS. */
bool delivery_begin(struct delivery *delivery);

/* After it. why is for admins: what the destination answered. delay_ms: not before so long from
 * now; back-off may be longer. */
void delivery_done(struct delivery *delivery);
void delivery_retry(struct delivery *delivery, int64_t delay_ms, const char *why);
/* The same, and the destination itself has failed (no connection, no answer, an error of its own),
 * which counts for its breaker. */
void delivery_unreachable(struct delivery *delivery, int64_t delay_ms, const char *why);
/* It will never be accepted: a dead letter. */
void delivery_give_up(struct delivery *delivery, const char *why);

/* Without an attempt: nobody needs it any more; it belongs to the queue of another destination; or
 * nothing that could deliver it is set up, and it waits for that until it expires. */
void delivery_skip(struct delivery *delivery);
void delivery_move(struct delivery *delivery, const char *destination);
void delivery_wait(struct delivery *delivery);

enum outbox_outcome {
	OUTBOX_DELIVERED,
	OUTBOX_SKIPPED,
	OUTBOX_RETRIED,
	OUTBOX_DEAD,
	OUTBOX_LOST, /* its lease had ended, so somebody else delivers it too */
	OUTBOX_EXPIRED,
	OUTBOX_OUTCOME_COUNT,
};
extern const char *const OUTBOX_OUTCOME_NAMES[OUTBOX_OUTCOME_COUNT];

struct outbox_options {
	int32_t attempts_max;
	int64_t retry_first_ms, retry_max_ms;
	struct breaker_options breaker;
	int64_t batch_ms;   /* a deliverer's time for one batch */
	int64_t attempt_ms; /* none begins when less is left of it */
	int64_t lease_ms;   /* longer than a batch and its settling take */
};

/* The bounds of base/limits.h. */
struct outbox_options outbox_defaults(void);

/* Once per jobs process, before its loop runs. It has the topics of AREAS. */
void outbox_start(const struct outbox_options *options);
/* No attempt begins any more. */
void outbox_drain(void);
bool outbox_is_busy(void); /* something is being delivered */

/* Jobs. */
void outbox_consume(struct task *task);  /* topics of kind OUTBOX_IN_TRANSACTION */
void outbox_dispatch(struct task *task); /* gives queues that have due rows to fibers */
void outbox_measure(struct task *task);  /* for outbox_gauges */
/* Forgets rows that were done long ago, dead letters that nobody replayed, what has expired, and
 * idempotency keys that nobody repeats any more. */
void outbox_purge(struct task *task);

struct outbox_gauges {
	uint64_t pending;  /* rows; LIMIT_OUTBOX_COUNTED stands for more */
	uint64_t oldest_s; /* age of the oldest of them */
	uint64_t dead;
	uint64_t open, half_open; /* breakers of this process */
	uint64_t outcomes[OUTBOX_OUTCOME_COUNT];
};
/* topic: one of those that outbox_start found. */
void outbox_gauges(const struct outbox_topic *topic, struct outbox_gauges *ret);

#endif
