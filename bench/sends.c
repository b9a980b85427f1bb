/*
 * sends: what PostgreSQL does when the statements of sending a message come one by one; as
 * orders.c. LINES are "account session conversation". The server's own code makes the statements:
 * those of send_judged() in src/shop/chat/send.c, with the feed's, which goes last.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "chat.sql.h"
#include "one_by_one.h"
#include "shop/chat/talk.h"

enum { ITEMS_MAX = 8, ARENA_BYTES = 1024 * 1024 };

struct sending {
	struct task task;
	struct uuid conversation, id;
	char client_id[UUID_TEXT_LENGTH + 1];
	struct pg_item *items[ITEMS_MAX]; /* without BEGIN and COMMIT */
	size_t count;
};

static void *sending_new(const struct uuid line[])
{
	struct sending *sending = calloc(1, sizeof(*sending));
	struct task *task = &sending->task;

	task->arena = arena_new(ARENA_BYTES, NULL, NULL);
	task->actor =
	    (struct actor){.kind = ACTOR_CUSTOMER, .account_id = line[0], .session_id = line[1]};
	sending->conversation = line[2];
	sending->id = uuid_v7();
	uuid_format(uuid_v7(), task->request_id);
	uuid_format(uuid_v7(), sending->client_id);

	struct db *batch = db_batch(task);

	sql_message_send(batch, &(struct message_send_args){
	                            .conversation = sending->conversation,
	                            .id = sending->id,
	                            .client_id = sending->client_id,
	                            .digest = sending->id, /* of what no other message says */
	                            .rules = "allow allow allow",
	                            .kind = "text",
	                            .text = "bench -1; Is it still there in blue?",
	                        });
	sql_messages(batch, &(struct messages_args){
	                        .conversation = sending->conversation,
	                        .client_id = sending->client_id,
	                        .author = "customer",
	                        .order = MESSAGES_ORDER_NEWEST,
	                        .after_key = TIME_INFINITY,
	                        .page_size = 1,
	                    });
	sql_held_of_mine(batch, sending->conversation, sending->client_id);
	chat_announce(batch);
	db_run_before(batch, batch);
	for (int i = 0; i < batch->batch->count; i++)
		sending->items[sending->count++] = batch->batch->items[i];
	return sending;
}

static bool act(void *made)
{
	struct sending *sending = made;
	bool good = true;

	one_run_simple(&DB_BEGIN_STATEMENT);
	for (size_t i = 0; i < sending->count && good; i++) {
		PGresult *result = one_run(sending->items[i]);
		good = PQresultStatus(result) == PGRES_TUPLES_OK;
		if (!good)
			fprintf(stderr, "sends: %s: %s", sending->items[i]->statement->name,
			        one_error());
		PQclear(result);
	}
	one_run_simple(&DB_COMMIT_STATEMENT);
	return good;
}

static long statement_count(const void *made)
{
	return (long)((const struct sending *)made)->count + 2;
}

int main(int argc, char **argv)
{
	return one_by_one(&(struct one_by_one){"sends", 3, sending_new, act, statement_count}, argc,
	                  argv);
}
