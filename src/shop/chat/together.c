#include "shop/chat/together.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/list.h"
#include "net/co.h"
#include "net/log.h"
#include "shop/chat/talk.h"
#include "task/rows.h"

/* A message that waits, in its task's arena. */
struct waiting {
	struct list_node node; /* in its side's queue, or in none */
	struct co *co;
	const char *rules;
	const struct messages_send_sent *message;
	bool leads;   /* its fiber is to send the next messages */
	bool is_done; /* answer is set, if it was sent */
	char *answer; /* malloc; owned by the waiting task */
};

/* The messages of a side; one fiber at a time sends for all. */
static struct side {
	struct list_node queue;
	bool is_busy; /* a fiber sends, or was woken to */
	bool staff;
	size_t count;
	struct waiting *sending[LIMIT_SENT_TOGETHER]; /* NULL: its task has ended */
} sides[2];

/* Must be first: cast to the struct. */
struct part {
	struct task task;
	struct side *side;
};

static bool may_join(const struct side *side, const struct waiting *waiting)
{
	if (side->count == LIMIT_SENT_TOGETHER)
		return false;
	for (size_t i = 0; i < side->count; i++) {
		if (uuid_equal(side->sending[i]->message->conversation,
		               waiting->message->conversation) ||
		    strcmp(side->sending[i]->rules, waiting->rules) != 0)
			return false;
	}
	return true;
}

static void gather(struct side *side)
{
	struct list_node *at, *next;

	side->count = 0;
	LIST_EACH(at, next, &side->queue)
	{
		struct waiting *waiting = CONTAINER_OF(at, struct waiting, node);

		if (may_join(side, waiting)) {
			list_remove(at);
			side->sending[side->count++] = waiting;
		}
	}
}

static void store_answer(struct side *side, const struct rows *rows, size_t row, struct buf *body)
{
	struct uuid id = rows_uuid(rows, row, rows_column(rows, "id"));
	struct json json;

	for (size_t i = 0; i < side->count; i++) {
		struct waiting *waiting = side->sending[i];

		if (waiting == NULL || !uuid_equal(waiting->message->id, id))
			continue;
		buf_clear(body);
		json = json_new(body);
		rows_json_object(rows, row, &json);
		waiting->answer = strdup(body->data);
	}
}

static void send_all(struct task *task)
{
	struct side *side = ((struct part *)(void *)task)->side;
	struct messages_send_sent *sent = arena_array(task->arena, side->count, sizeof(sent[0]));
	struct buf body = buf_new(task->arena, 1024);
	struct db *batch = db_batch(task);
	struct rows *rows;

	for (size_t i = 0; i < side->count; i++)
		sent[i] = *side->sending[i]->message;
	rows = sql_messages_send(batch, side->staff, side->staff ? "vendor" : "customer",
	                         side->sending[0]->rules, side->count, sent);
	chat_announce(batch);
	db_run(batch);
	for (size_t i = 0; i < rows_count(rows); i++)
		store_answer(side, rows, i, &body);
}

/* After a failure all are sent on their own, and the answers tell why. */
static void run(struct side *side, struct task *task)
{
	struct part part = {
	    .task = {.deadline_ms = task->deadline_ms,
	             .actor = {.kind = ACTOR_JOBS},
	             .name = task->name},
	    .side = side,
	};

	memcpy(part.task.request_id, task->request_id, sizeof(task->request_id));
	part.task.arena = arena_new(LIMIT_REQUEST_ARENA_BYTES, task_arena_full, &part.task);
	if (!task_run(&part.task, send_all))
		LOG_DEBUG("messages not sent together",
		          log_str("detail", part.task.problem.detail));
	task->statements += part.task.statements;
	task->round_trips += part.task.round_trips;
	arena_free(part.task.arena);
}

/* Sends the first of the queue and those that may join it; then the next one leads. */
static void lead(struct side *side, struct task *task)
{
	gather(side);
	run(side, task);
	for (size_t i = 0; i < side->count; i++) {
		struct waiting *waiting = side->sending[i];

		if (waiting == NULL)
			continue;
		waiting->is_done = true;
		if (waiting->co != co_self())
			co_wake(waiting->co);
	}
	side->count = 0;
	side->is_busy = !list_is_empty(&side->queue);
	if (side->is_busy) {
		struct waiting *next = CONTAINER_OF(side->queue.after, struct waiting, node);

		next->leads = true;
		co_wake(next->co);
	}
}

/* The task's deadline has passed. */
static void leave(struct side *side, struct waiting *waiting)
{
	list_remove(&waiting->node);
	for (size_t i = 0; i < side->count; i++)
		if (side->sending[i] == waiting)
			side->sending[i] = NULL;
}

static struct side *side_of(const struct task *task)
{
	struct side *side = &sides[task->actor.kind == ACTOR_STAFF];

	side->staff = task->actor.kind == ACTOR_STAFF;
	if (side->queue.after == NULL)
		list_init(&side->queue);
	return side;
}

struct buf *send_together(struct task *task, const char *rules,
                          const struct messages_send_sent *message)
{
	struct side *side = side_of(task);
	struct waiting waiting = {.co = co_self(), .rules = rules, .message = message};
	struct buf *answer;

	list_push_back(&side->queue, &waiting.node);
	waiting.leads = !side->is_busy;
	side->is_busy = true;
	while (!waiting.is_done && !waiting.leads)
		if (co_wait(task->deadline_ms) < 0 && !waiting.is_done && !waiting.leads) {
			leave(side, &waiting);
			return NULL;
		}
	if (waiting.leads)
		lead(side, task);
	assert(waiting.is_done);
	task->has_written |= waiting.answer != NULL;
	if (waiting.answer == NULL)
		return NULL;
	answer = arena_alloc(task->arena, sizeof(*answer));
	*answer = buf_new(task->arena, strlen(waiting.answer) + 1);
	buf_add_str(answer, waiting.answer);
	free(waiting.answer);
	return answer;
}
