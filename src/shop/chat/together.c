#include "shop/chat/together.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "shop/chat/talk.h"
#include "task/rows.h"
#include "task/together.h"

struct sending {
	struct together_item item; /* must be first: cast to the message */
	bool staff;
	const char *rules;
	const struct messages_send_sent *message;
	char *answer; /* malloc; owned by the waiting task */
};

_Static_assert(offsetof(struct sending, item) == 0, "an item is cast to its message");

static struct sending *sending_of(struct together_item *item)
{
	return (struct sending *)(void *)item;
}

static bool may_join(const struct together_item *one, const struct together_item *other)
{
	const struct sending *a = (const void *)one, *b = (const void *)other;

	return !uuid_equal(a->message->conversation, b->message->conversation) &&
	       strcmp(a->rules, b->rules) == 0;
}

static void store_answer(size_t count, struct together_item *const items[], const struct rows *rows,
                         size_t row, struct buf *body)
{
	struct uuid id = rows_uuid(rows, row, rows_column(rows, "id"));
	struct json json;

	for (size_t i = 0; i < count; i++) {
		struct sending *sending = sending_of(items[i]);

		if (sending == NULL || !uuid_equal(sending->message->id, id))
			continue;
		buf_clear(body);
		json = json_new(body);
		rows_json_object(rows, row, &json);
		sending->answer = strdup(body->data);
		sending->item.is_done = sending->answer != NULL;
	}
}

static void send_all(struct task *task, size_t count, struct together_item *const items[])
{
	struct messages_send_sent *sent = arena_array(task->arena, count, sizeof(sent[0]));
	const struct sending *first = sending_of(items[0]);
	struct buf body = buf_new(task->arena, 1024);
	struct db *batch = db_batch(task);
	struct rows *rows;

	for (size_t i = 0; i < count; i++)
		sent[i] = *sending_of(items[i])->message;
	rows = sql_messages_send(batch, first->staff, first->staff ? "vendor" : "customer",
	                         arena_strdup(task->arena, first->rules), count, sent);
	chat_announce(batch);
	db_run(batch);
	for (size_t i = 0; i < rows_count(rows); i++)
		store_answer(count, items, rows, i, &body);
}

static struct together sides[2] = {
    {.may_join = may_join, .run = send_all},
    {.may_join = may_join, .run = send_all},
};

struct buf *send_together(struct task *task, const char *rules,
                          const struct messages_send_sent *message)
{
	bool staff = task->actor.kind == ACTOR_STAFF;
	struct sending sending = {.staff = staff, .rules = rules, .message = message};
	struct buf *answer;

	if (!together_do(&sides[staff], task, &sending.item))
		return NULL;
	assert(sending.answer != NULL);
	answer = arena_alloc(task->arena, sizeof(*answer));
	*answer = buf_new(task->arena, strlen(sending.answer) + 1);
	buf_add_str(answer, sending.answer);
	free(sending.answer);
	return answer;
}
