#include "shop/demo/demo_chat.h"

#include <assert.h>
#include <stdio.h>

#include "api.gen.h"
#include "demo.sql.h"
#include "shop/demo/demo_orders.h"
#include "shop/feed/feed.h"

#define AT "@demo.sebez.test"

static const char VENDOR[] = "clay-and-co";

struct demo_message {
	const char *email;
	bool of_vendor;
	const char *text;
	const char *photo_of, *alt; /* a product's handle; NULL: none */
};

static const struct demo_message MESSAGES[] = {
    {"customer" AT, false, "Hello! Will the new mugs have the same glaze as this one?",
     "stoneware-mug", "A mug on a table"},
    {"support" AT, true,
     "Hello Casey! Yes, it is the same glaze. The kiln makes each a little different.", NULL, NULL},
    {"customer" AT, false, "Wonderful, thank you.", NULL, NULL},
};

enum { MESSAGES_COUNT = sizeof(MESSAGES) / sizeof(MESSAGES[0]) };

static struct demo_vendor_sub_order_row begin(struct task *task, struct uuid *ret_id)
{
	struct db *db = db_of(task), *batch;
	const struct demo_vendor_sub_order_row *part =
	    sql_demo_vendor_sub_order_rows(db, sql_demo_vendor_sub_order(db, VENDOR), NULL);
	struct rows *opened;

	batch = db_batch(task);
	opened =
	    sql_demo_ask(batch, part->vendor, task->actor.account_id, uuid_v7(), part->sub_order);
	feed_notify(batch);
	db_run(batch);
	*ret_id = sql_demo_ask_rows(batch, opened, NULL)->id;
	return *part;
}

static void say(struct task *task, struct demo_gallery *gallery, struct uuid conversation,
                const struct demo_message *message)
{
	const char *photo = NULL;
	struct db *batch;

	if (message->photo_of != NULL)
		photo = demo_photo(task, gallery, message->photo_of, message->alt);
	batch = db_batch(task);
	sql_demo_say(batch, conversation, uuid_v7(), message->text, photo,
	             photo != NULL ? "photo.png" : NULL);
	feed_notify(batch);
	db_run(batch);
}

void demo_chat(struct task *task, struct demo_gallery *gallery)
{
	struct demo_vendor_sub_order_row part;
	struct uuid conversation;

	assert(!MESSAGES[0].of_vendor); /* who opens the conversation */
	demo_sign_in(task, MESSAGES[0].email, ACTOR_CUSTOMER, 0);
	part = begin(task, &conversation);
	demo_sign_out(task);
	for (size_t i = 0; i < MESSAGES_COUNT; i++) {
		const struct demo_message *message = &MESSAGES[i];

		if (message->of_vendor) {
			demo_sign_in(task, message->email, ACTOR_STAFF, STAFF_SUPPORT);
			task->actor.vendor_id = part.vendor;
		} else {
			demo_sign_in(task, message->email, ACTOR_CUSTOMER, 0);
		}
		say(task, gallery, conversation, message);
		demo_sign_out(task);
	}
	printf("  a conversation of %d messages\n", (int)MESSAGES_COUNT);
}
