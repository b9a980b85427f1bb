/*
 * upkeep: background jobs of chat, and requests to erase a person's messages.
 */
#include "shop/chat/upkeep.h"

#include <assert.h>
#include <stddef.h>

#include "chat.sql.h"
#include "net/log.h"
#include "shop/chat/talk.h"
#include "task/rows.h"
#include "web/reply.h"

enum {
	FORGET_MAX = 5000, /* conversations per run; runs are hourly */
	ERASE_MAX = 200,   /* messages per transaction, which locks one conversation */
	ERASE_STEPS = 1000,
};

/* A task of its own, so that a failure does not affect other conversations. */
struct forgetting {
	struct task task; /* must be first: cast to the struct */
	struct uuid id;
};

_Static_assert(offsetof(struct forgetting, task) == 0, "a task is cast to it");

static void forget_one(struct task *task)
{
	struct db *batch = db_batch(task);

	sql_conversation_forget(batch, ((struct forgetting *)(void *)task)->id);
	chat_announce(batch);
	db_run(batch);
}

void chat_forget(struct task *task)
{
	struct db *db = db_of(task);
	size_t count;
	const struct conversations_silent_row *row =
	    sql_conversations_silent_rows(db, sql_conversations_silent(db, FORGET_MAX), &count);

	assert(count <= FORGET_MAX);
	for (size_t i = 0; i < count; i++) {
		struct forgetting one = {.id = row[i].id};
		const char *why = task_attempt(task, &one.task, forget_one);
		char id[UUID_TEXT_LENGTH + 1];

		if (why == NULL)
			continue;
		uuid_format(row[i].id, id);
		LOG_WARNING("conversation not deleted", log_str("conversation_id", id),
		            log_str("why", why));
	}
}

static bool erase_some(struct task *task)
{
	struct db *batch = db_batch(task);
	const struct rows *rows = sql_chat_erase_step(batch, ERASE_MAX);

	chat_announce(batch);
	db_run(batch);
	return sql_chat_erase_step_rows(batch, rows, &(size_t){0})->more;
}

void chat_erase(struct task *task)
{
	for (int steps = 0; steps < ERASE_STEPS; steps++)
		if (!erase_some(task))
			return;
}

static void request_erasure(struct request *rq, struct uuid account_id, const char *reason)
{
	struct db *batch = db_batch(&rq->task);

	reply_commit_row(rq, batch, 202, sql_chat_erase_ask(batch, account_id, reason));
}

/* DELETE /v1/me/messages */
void erase_my_messages(struct request *rq, const struct erase_my_messages_in *in)
{
	request_erasure(rq, rq->task.actor.account_id, NULL);
}

/* POST /v1/admin/users/{user_id}/erase-messages */
void erase_messages(struct request *rq, const struct erase_messages_in *in)
{
	request_erasure(rq, in->user_id, in->reason);
}
