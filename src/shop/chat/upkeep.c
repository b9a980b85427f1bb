/*
 * upkeep: what happens to conversations by itself, and at a person's wish to be forgotten.
 */
#include "chat.sql.h"
#include "shop/chat/chat.h"
#include "task/rows.h"

enum {
	SETTLE_MOST = 5000, /* of one run, which comes every second */
	FORGET_MOST = 200,  /* conversations of one statement, each with all its messages */
	FORGET_TURNS = 50,
};

void chat_settle_pushes(struct task *task)
{
	sql_pushes_settle(db_of(task), SETTLE_MOST);
}

void chat_forget(struct task *task)
{
	for (int turns = 0; turns < FORGET_TURNS; turns++)
		if (rows_count(sql_conversations_forget(db_of(task), FORGET_MOST)) < FORGET_MOST)
			return;
}

void chat_erase_account(struct task *task, struct uuid account_id)
{
	sql_chat_erase(db_as(task, PG_JOBS), account_id);
}
