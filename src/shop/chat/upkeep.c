/*
 * upkeep: what happens to conversations by itself, and at a person's wish to be forgotten.
 */
#include "chat.sql.h"
#include "shop/chat/chat.h"
#include "shop/chat/talk.h"
#include "task/rows.h"
#include "web/reply.h"

enum {
	SETTLE_MOST = 5000, /* of one run, which comes every second */
	PUSH_DAYS = 7,      /* who has not been told by then sees it in the app */
	FORGET_MOST = 50,   /* conversations of one transaction, each with all its messages */
	FORGET_TURNS = 200,
	ERASE_MOST = 200, /* messages of one transaction, which locks one conversation */
	ERASE_TURNS = 1000,
};

void chat_settle_pushes(struct task *task)
{
	sql_pushes_settle(db_of(task), SETTLE_MOST);
	sql_pushes_forget(db_of(task), PUSH_DAYS, SETTLE_MOST);
}

static int forget_some(struct task *task)
{
	struct db *batch = db_batch(task);
	const struct rows *rows = sql_conversations_forget(batch, FORGET_MOST);

	chat_announce(batch);
	db_run(batch);
	return sql_conversations_forget_rows(batch, rows, &(size_t){0})->forgotten;
}

void chat_forget(struct task *task)
{
	for (int turns = 0; turns < FORGET_TURNS; turns++)
		if (forget_some(task) < FORGET_MOST)
			return;
}

static bool erase_some(struct task *task)
{
	struct db *batch = db_batch(task);
	const struct rows *rows = sql_chat_erase_step(batch, ERASE_MOST);

	chat_announce(batch);
	db_run(batch);
	return sql_chat_erase_step_rows(batch, rows, &(size_t){0})->more;
}

void chat_erase(struct task *task)
{
	for (int turns = 0; turns < ERASE_TURNS; turns++)
		if (!erase_some(task))
			return;
}

static void ask(struct request *rq, struct uuid account_id, const char *reason)
{
	struct db *batch = db_batch(&rq->task);

	reply_commit_row(rq, batch, 202, sql_chat_erase_ask(batch, account_id, reason));
}

/* DELETE /v1/me/messages */
void erase_my_messages(struct request *rq, const struct erase_my_messages_in *in)
{
	ask(rq, rq->task.actor.account_id, NULL);
}

/* POST /v1/admin/users/{user_id}/erase-messages */
void erase_messages(struct request *rq, const struct erase_messages_in *in)
{
	ask(rq, in->user_id, in->reason);
}
