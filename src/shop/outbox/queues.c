#include "shop/outbox/queues.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "net/co.h"
#include "net/log.h"
#include "net/loop.h"
#include "outbox.sql.h"

enum {
	ROUNDS_MAX = 50, /* batches per queue, then other queues come first */
};

_Static_assert(LIMIT_DELIVERIES_OF_TOPIC <= LIMIT_DELIVERIES, "a topic has a part of the fibers");
_Static_assert(LIMIT_DELIVERIES < LIMIT_FIBERS, "jobs have fibers too");
_Static_assert(LIMIT_DELIVERIES <= LIMIT_DELIVERY_QUEUES, "a busy queue is never forgotten");

struct outbox outbox;

static struct list_node starting; /* queues waiting for their fiber */

const char *const OUTBOX_OUTCOME_NAMES[OUTBOX_OUTCOME_COUNT] = {
    [OUTBOX_DELIVERED] = "delivered", [OUTBOX_SKIPPED] = "skipped", [OUTBOX_RETRIED] = "retried",
    [OUTBOX_DEAD] = "dead",           [OUTBOX_LOST] = "lost",       [OUTBOX_EXPIRED] = "expired",
};

void outbox_count(size_t topic, enum outbox_outcome outcome, uint64_t count)
{
	assert(topic < outbox.topic_count && outcome < OUTBOX_OUTCOME_COUNT);
	outbox.gauges[topic].outcomes[outcome] += count;
}

static struct queue *find_queue(size_t topic, const char *destination)
{
	struct list_node *at, *next;

	LIST_EACH(at, next, &outbox.queues)
	{
		struct queue *queue = CONTAINER_OF(at, struct queue, node);

		if (queue->topic == topic && strcmp(queue->destination, destination) == 0)
			return queue;
	}
	return NULL;
}

static void forget_queue(struct queue *queue)
{
	assert(!queue->is_busy && outbox.queue_count > 0);
	list_remove(&queue->node);
	outbox.queue_count--;
	free(queue);
}

/* When there are too many queues, removes the longest idle one: the breaker of its destination is
 * then closed again. */
static bool make_room(void)
{
	struct list_node *at, *next;

	if (outbox.queue_count < LIMIT_DELIVERY_QUEUES)
		return true;
	LIST_EACH(at, next, &outbox.queues)
	{
		struct queue *queue = CONTAINER_OF(at, struct queue, node);

		if (!queue->is_busy) {
			forget_queue(queue);
			return true;
		}
	}
	return false;
}

static struct queue *new_queue(size_t topic, const char *destination)
{
	struct queue *queue;

	assert(strlen(destination) <= LIMIT_DESTINATION_BYTES); /* checked by the table */
	assert(topic < outbox.topic_count);
	if (!make_room())
		return NULL;
	assert(outbox.queue_count < LIMIT_DELIVERY_QUEUES);
	queue = calloc(1, sizeof(*queue));
	if (queue == NULL)
		return NULL;
	queue->topic = topic;
	memcpy(queue->destination, destination, strlen(destination) + 1);
	list_init(&queue->next);
	list_push_back(&outbox.queues, &queue->node);
	outbox.queue_count++;
	return queue;
}

static int32_t rows_allowed(struct queue *queue)
{
	switch (breaker_state(&queue->breaker, loop_now_ms())) {
	case BREAKER_OPEN:
		return 0;
	case BREAKER_HALF_OPEN:
		return 1;
	case BREAKER_CLOSED:
		break;
	}
	return LIMIT_DELIVERY_BATCH;
}

static bool is_crowded(size_t topic)
{
	return outbox.busy_of[topic] >= LIMIT_DELIVERIES_OF_TOPIC;
}

/* Slow queues have a part of a topic's fibers, so that the others need not wait until they have no
 * more rows, which may be never. */
static bool may_start(const struct queue *queue)
{
	return !queue->is_slow || outbox.slow_of[queue->topic] < LIMIT_DELIVERIES_OF_SLOW;
}

static void free_fiber(struct queue *queue)
{
	assert(queue->is_busy && outbox.busy > 0 && outbox.busy_of[queue->topic] > 0);
	queue->is_busy = false;
	outbox.busy--;
	outbox.busy_of[queue->topic]--;
	if (queue->counts_as_slow) {
		assert(outbox.slow_of[queue->topic] > 0);
		outbox.slow_of[queue->topic]--;
		queue->counts_as_slow = false;
	}
}

static void serve(void *arg)
{
	struct queue *queue = arg;

	assert(queue->is_busy && list_is_empty(&queue->next));
	for (int rounds = 0; rounds < ROUNDS_MAX && !outbox.is_stopping; rounds++) {
		int32_t rows_max = rows_allowed(queue);
		int64_t begun_ms = loop_now_ms();
		bool may_have_more;

		if (rows_max == 0)
			break;
		queue->is_asked = false;
		may_have_more = delivery_run(queue, rows_max);
		queue->is_slow = loop_now_ms() - begun_ms >= LIMIT_DELIVERY_SLOW_MS;
		may_have_more |= queue->is_asked && !queue->is_slow;
		if (!may_have_more || (queue->is_slow && is_crowded(queue->topic)))
			break;
	}
	free_fiber(queue);
	/* Move to the end: the list is sorted by idle time, longest first. */
	list_remove(&queue->node);
	list_push_back(&outbox.queues, &queue->node);
	if (breaker_is_pristine(&queue->breaker) && !queue->is_slow)
		forget_queue(queue);
}

/* Fibers can be started from the loop only, and jobs are fibers. */
static void start_fibers(void *arg)
{
	struct list_node *node;

	(void)arg;
	while ((node = list_pop_front(&starting)) != NULL) {
		int rc = co_start(serve, CONTAINER_OF(node, struct queue, next));

		assert(rc == 0); /* LIMIT_DELIVERIES and the jobs are fewer than LIMIT_FIBERS */
	}
}

static void start_queue(size_t topic, const char *destination)
{
	struct queue *queue = find_queue(topic, destination);

	if (outbox.busy >= LIMIT_DELIVERIES || is_crowded(topic))
		return;
	if (queue == NULL)
		queue = new_queue(topic, destination);
	if (queue == NULL || queue->is_busy || !may_start(queue))
		return;
	queue->is_busy = true;
	queue->counts_as_slow = queue->is_slow;
	outbox.slow_of[topic] += queue->is_slow;
	outbox.busy++;
	outbox.busy_of[topic]++;
	assert(outbox.busy_of[topic] <= outbox.busy && outbox.busy <= LIMIT_DELIVERIES);
	list_push_back(&starting, &queue->next);
	loop_rerun_hooks();
}

/* The topics that may start one more fiber. */
static struct text_array topics_to_ask(struct task *task)
{
	const char **names = arena_array(task->arena, outbox.topic_count, sizeof(*names));
	size_t count = 0;

	for (size_t i = 0; i < outbox.topic_count; i++)
		if (!is_crowded(i))
			names[count++] = outbox.topics[i]->name;
	return (struct text_array){count, names};
}

static size_t topic_number(const char *name)
{
	for (size_t i = 0; i < outbox.topic_count; i++)
		if (strcmp(outbox.topics[i]->name, name) == 0)
			return i;
	assert(!"a topic that was asked for");
	return 0;
}

/* Those that are busy are not asked for: they look themselves once more. */
static void ask_busy_queues(void)
{
	struct list_node *at, *next;

	LIST_EACH(at, next, &outbox.queues)
	{
		struct queue *queue = CONTAINER_OF(at, struct queue, node);

		queue->is_asked = queue->is_busy;
	}
}

/* Writes the queues not to be served now to ret[queue_count]. */
static size_t queues_to_skip(struct task *task, struct outbox_queues_skipped *ret)
{
	size_t count = 0;
	struct list_node *at, *next;

	LIST_EACH(at, next, &outbox.queues)
	{
		struct queue *queue = CONTAINER_OF(at, struct queue, node);

		if (!queue->is_busy && rows_allowed(queue) > 0 && may_start(queue))
			continue;
		/* Copied, as the queue may be freed while the statement runs. */
		ret[count++] = (struct outbox_queues_skipped){
		    .topic = queue_topic(queue)->name,
		    .destination = arena_strdup(task->arena, queue->destination),
		};
	}
	return count;
}

void outbox_dispatch(struct task *task)
{
	struct db *db = db_of(task);
	struct text_array topics = topics_to_ask(task);
	struct outbox_queues_skipped *skipped =
	    arena_array(task->arena, outbox.queue_count, sizeof(*skipped));
	size_t skipped_count = queues_to_skip(task, skipped);
	int32_t rows_max = (int32_t)(LIMIT_DELIVERIES - outbox.busy);
	const struct outbox_queues_row *row;
	size_t count;

	assert(outbox.is_started && rows_max >= 0);
	assert(skipped_count <= outbox.queue_count);
	ask_busy_queues();
	if (outbox.is_stopping || rows_max == 0 || topics.count == 0)
		return;
	row = sql_outbox_queues_rows(
	    db, sql_outbox_queues(db, topics, skipped_count, skipped, rows_max), &count);
	assert(count <= (size_t)rows_max);
	for (size_t i = 0; i < count; i++)
		start_queue(topic_number(row[i].topic), row[i].destination);
}

struct outbox_options outbox_defaults(void)
{
	return (struct outbox_options){
	    .attempts_max = LIMIT_DELIVERY_ATTEMPTS,
	    .retry_first_ms = LIMIT_DELIVERY_RETRY_FIRST_MS,
	    .retry_max_ms = LIMIT_DELIVERY_RETRY_MAX_MS,
	    .breaker = {.failures = LIMIT_BREAKER_FAILURES,
	                .first_ms = LIMIT_BREAKER_FIRST_MS,
	                .max_ms = LIMIT_BREAKER_MAX_MS},
	    .batch_ms = LIMIT_DELIVERY_BATCH_MS,
	    .attempt_ms = LIMIT_DELIVERY_ATTEMPT_MS,
	    .lease_ms = LIMIT_DELIVERY_LEASE_MS,
	};
}

/* Counts the topics of all areas and writes them to `topics`, unless NULL. */
static size_t list_topics(const struct outbox_topic **topics)
{
	size_t count = 0;

	for (size_t i = 0; AREAS[i] != NULL; i++)
		for (const struct outbox_topic *topic = AREAS[i]->topics;
		     topic != NULL && topic->name != NULL; topic++, count++)
			if (topics != NULL)
				topics[count] = topic;
	return count;
}

void outbox_start(const struct outbox_options *options)
{
	static struct loop_hook hook = {.run = start_fibers};

	assert(!outbox.is_started);
	assert(options->attempt_ms < options->batch_ms);
	assert(options->attempts_max > 0 && options->lease_ms > 0);
	assert(options->retry_first_ms <= options->retry_max_ms);
	outbox.options = *options;
	outbox.is_started = true;
	list_init(&outbox.queues);
	list_init(&starting);
	outbox.topic_count = list_topics(NULL);
	assert(outbox.topic_count > 0);
	outbox.topics = calloc(outbox.topic_count, sizeof(*outbox.topics));
	outbox.busy_of = calloc(outbox.topic_count, sizeof(*outbox.busy_of));
	outbox.slow_of = calloc(outbox.topic_count, sizeof(*outbox.slow_of));
	outbox.gauges = calloc(outbox.topic_count, sizeof(*outbox.gauges));
	assert(outbox.topics != NULL && outbox.busy_of != NULL && outbox.slow_of != NULL &&
	       outbox.gauges != NULL); /* fatal at startup */
	list_topics(outbox.topics);
	for (size_t i = 0; i < outbox.topic_count; i++)
		assert(outbox.topics[i]->expire_s > 0);
	loop_before_sleep(&hook);
}

void outbox_drain(void)
{
	outbox.is_stopping = true;
}

bool outbox_is_busy(void)
{
	return outbox.busy > 0;
}

void outbox_measure(struct task *task)
{
	struct db *db = db_of(task);
	size_t count = outbox.topic_count;
	const char **names = arena_array(task->arena, count, sizeof(*names));
	const struct outbox_measured_row *row;

	for (size_t i = 0; i < count; i++)
		names[i] = outbox.topics[i]->name;
	row = sql_outbox_measured_rows(
	    db, sql_outbox_measured(db, (struct text_array){count, names}, LIMIT_OUTBOX_COUNTED),
	    &count);
	assert(count == outbox.topic_count);
	for (size_t i = 0; i < count; i++) {
		struct outbox_gauges *gauges = &outbox.gauges[topic_number(row[i].topic)];

		assert(row[i].pending >= 0 && row[i].dead >= 0);
		gauges->pending = (uint64_t)row[i].pending;
		gauges->oldest_s = (uint64_t)row[i].oldest_s;
		gauges->dead = (uint64_t)row[i].dead;
	}
}

void outbox_gauges(const struct outbox_topic *topic, struct outbox_gauges *ret)
{
	size_t number = topic_number(topic->name);
	struct list_node *at, *next;

	*ret = outbox.gauges[number];
	LIST_EACH(at, next, &outbox.queues)
	{
		struct queue *queue = CONTAINER_OF(at, struct queue, node);

		if (queue->topic != number)
			continue;
		ret->open += breaker_state(&queue->breaker, loop_now_ms()) == BREAKER_OPEN;
		ret->half_open += queue->breaker.state == BREAKER_HALF_OPEN;
	}
}
