#include <assert.h>
#include <string.h>

#include "chat.sql.h"
#include "shop/chat/talk.h"
#include "shop/feed/feed.h"

/* SQL notes the events, as only SQL knows the numbers; the feed writes them at commit. */
void chat_announce(struct db *db)
{
	feed_notify(db);
}

void chat_lock(struct db *db, struct uuid_array sub_orders)
{
	sql_conversations_lock(db, sub_orders);
}

/* The text for users; the database inserts the number of each sub-order. */
static const char *words_of(struct arena *arena, const char *became)
{
	char *words = arena_strdup(arena, became);

	assert(strchr(became, '%') == NULL); /* the text is a format */
	for (char *at = strchr(words, '_'); at != NULL; at = strchr(at, '_'))
		*at = ' ';
	return arena_printf(arena, "Order %%s: %s", words);
}

void chat_system_message(struct db *db, struct uuid_array sub_orders, const char *became)
{
	sql_chat_system_message(db, sub_orders, became, words_of(db_task(db)->arena, became));
	chat_announce(db);
}

void chat_delivered_to(struct db *db, size_t count, const struct chat_reader readers[])
{
	struct staff_acknowledged_readers *rows =
	    arena_array(db_task(db)->arena, count, sizeof(*rows));

	assert(count > 0);
	for (size_t i = 0; i < count; i++)
		rows[i] = (struct staff_acknowledged_readers){readers[i].vendor, readers[i].account,
		                                              readers[i].number};
	sql_staff_acknowledged(db, count, rows);
}

void chat_delivered(struct db *db, struct uuid_array owners, struct bigint_array numbers)
{
	assert(owners.count == numbers.count);
	sql_chat_acknowledged(db, owners, numbers);
	chat_announce(db);
}
