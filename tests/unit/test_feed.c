/* The feed's parts that wait for nothing: cursors, wake-ups, and what a process knows of feeds. */
#include "unit.h"

#include "api.gen.h"
#include "base/limits.h"
#include "shop/feed/announce.h"
#include "shop/feed/cursor.h"
#include "shop/feed/hub.h"
#include "shop/feed/page.h"
#include "shop/feed/read.h"

enum { ROUNDS = 2000 };

static struct uuid some_id(void)
{
	struct uuid id;

	for (size_t i = 0; i < sizeof(id.bytes); i++)
		id.bytes[i] = (uint8_t)random_u64();
	return id;
}

static void a_cursor_comes_back_as_it_was(void **state)
{
	for (int i = 0; i < ROUNDS; i++) {
		struct cursor cursor = {(int64_t)random_u64(), random_between(0, INT64_MAX - 1)};
		struct cursor back;
		struct uuid owner = some_id();
		char text[CURSOR_LENGTH + 1];

		cursor_encode(cursor, owner, text);
		assert_int_equal(strlen(text), CURSOR_LENGTH);
		assert_true(cursor_decode(text, owner, &back));
		assert_true(back.epoch == cursor.epoch && back.number == cursor.number);
		assert_false(cursor_decode(text, some_id(), &back));
	}
}

static void what_is_no_cursor_is_refused(void **state)
{
	struct uuid owner = some_id();
	struct cursor cursor = {1, 2};
	char text[CURSOR_LENGTH + 2];

	assert_false(cursor_decode("", owner, &cursor));
	cursor_encode(cursor, owner, text);
	text[0] ^= 1; /* another version */
	assert_false(cursor_decode(text, owner, &cursor));
	cursor_encode((struct cursor){1, -1}, owner, text);
	assert_false(cursor_decode(text, owner, &cursor));
	cursor_encode((struct cursor){1, 2}, owner, text);
	strcat(text, "A");
	assert_false(cursor_decode(text, owner, &cursor));
}

static void wake_ups_are_read_as_they_were_written(void **state)
{
	static const char TEXT[] = "-42 0190b0b0-0000-7000-8000-000000000001 7 {\"number\":7}";
	struct wake_up got;

	assert_true(wake_up_parse(TEXT, sizeof(TEXT) - 1, &got));
	assert_true(got.epoch == -42 && got.number == 7);
	assert_int_equal(got.length, strlen("{\"number\":7}"));
	assert_memory_equal(got.json, "{\"number\":7}", got.length);
	assert_true(
	    wake_up_parse(TEXT, strlen("-42 0190b0b0-0000-7000-8000-000000000001 7 "), &got));
	assert_null(got.json);
	/* Cut anywhere before, it is none. */
	for (size_t i = 0; i < strlen("-42 0190b0b0-0000-7000-8000-000000000001 7 "); i++)
		assert_false(wake_up_parse(TEXT, i, &got));
}

static int start_hub(void **state)
{
	hub_start();
	(void)hub_set_epoch(7);
	return 0;
}

static int stop_hub(void **state)
{
	hub_stop();
	return 0;
}

static void hear(struct followed *feed, int64_t number)
{
	char json[32];
	int length = snprintf(json, sizeof(json), "{\"number\":%d}", (int)number);

	(void)hub_hear(feed, number, json, (size_t)length);
}

static void a_feed_is_unknown_until_the_database_was_asked(void **state)
{
	struct followed *feed = hub_fetch(some_id(), false, 1);
	unsigned first;

	assert_int_equal(hub_look(feed, 0, &first), HUB_UNKNOWN);
	hear(feed, 5); /* while the database is being asked, whose snapshot is older */
	(void)hub_learn(feed, 4, 0);
	assert_int_equal(hub_look(feed, 5, &first), HUB_NOTHING);
	assert_int_equal(hub_look(feed, 4, &first), HUB_HERE);
	assert_int_equal(hub_look(feed, 3, &first), HUB_ELSEWHERE);
	assert_int_equal(hub_look(feed, 6, &first), HUB_BEYOND);
}

static void the_database_corrects_what_was_never_so(void **state)
{
	struct followed *feed = hub_fetch(some_id(), false, 1);
	unsigned first;

	(void)hub_learn(feed, 4, 0);
	(void)hub_hear(feed, 900, NULL, 0);
	(void)hub_learn(feed, 4, 900);
	assert_int_equal(hub_look(feed, 4, &first), HUB_NOTHING);
}

static void what_was_taken_back_is_kept_no_longer(void **state)
{
	static const char EDITED[] = "{\"number\":3,\"kind\":\"message_edited\"}";
	struct followed *feed = hub_fetch(some_id(), false, 1);
	unsigned first;

	(void)hub_learn(feed, 0, 0);
	hear(feed, 1);
	hear(feed, 2);
	(void)hub_hear(feed, 3, EDITED, sizeof(EDITED) - 1);
	assert_int_equal(hub_look(feed, 1, &first), HUB_ELSEWHERE);
	assert_int_equal(hub_look(feed, 2, &first), HUB_HERE);
	hear(feed, 2); /* late */
	assert_int_equal(hub_look(feed, 1, &first), HUB_ELSEWHERE);
	(void)hub_hear(feed, 4, NULL, 0); /* nobody knows what that one takes back */
	assert_int_equal(hub_look(feed, 2, &first), HUB_ELSEWHERE);
}

/* Its number may be heard of before, or learned by a read: then nobody knows what was rewritten. */
static void hear_from(struct followed *feed, int64_t number, const char *kind, const char *author)
{
	char json[160];
	int length =
	    sprintf(json, "{\"number\":%d,\"kind\":\"%s\",\"payload\":{\"author\" : \"%s\"}}",
	            (int)number, kind, author);

	(void)hub_hear(feed, number, json, (size_t)length);
}

static void only_the_other_sides_messages_ask_for_a_receipt(void **state)
{
	struct followed *customer = hub_fetch(some_id(), false, 0);
	struct followed *vendor = hub_fetch(some_id(), true, 0);

	hear_from(customer, 1, "message_sent", "customer");
	hear_from(customer, 2, "message_delivered", "vendor");
	assert_int_equal(customer->asks, 0);
	hear_from(customer, 3, "message_sent", "system");
	assert_int_equal(customer->asks, 3);
	hear_from(vendor, 1, "message_sent", "system");
	hear_from(vendor, 2, "message_sent", "vendor");
	assert_int_equal(vendor->asks, 0);
	hear_from(vendor, 3, "message_sent", "customer");
	assert_int_equal(vendor->asks, 3);
}

static void what_was_missed_may_ask_for_a_receipt(void **state)
{
	struct followed *feed = hub_fetch(some_id(), false, 0);

	hear_from(feed, 1, "message_sent", "customer");
	hear_from(feed, 3, "message_sent", "customer");
	assert_int_equal(feed->asks, 3);
	(void)hub_hear(feed, 4, NULL, 0);
	assert_int_equal(feed->asks, 4);
	(void)hub_learn(feed, 7, feed->heard);
	assert_int_equal(feed->asks, 7);
}

static void a_text_that_comes_late_is_not_kept(void **state)
{
	struct followed *feed = hub_fetch(some_id(), false, 1);
	unsigned first;

	(void)hub_learn(feed, 0, 0);
	(void)hub_hear(feed, 2, NULL, 0);
	hear(feed, 1);
	assert_int_equal(hub_look(feed, 0, &first), HUB_ELSEWHERE);
	hear(feed, 3);
	assert_true(hub_learn(feed, 5, 3));
	assert_int_equal(hub_look(feed, 2, &first), HUB_ELSEWHERE);
	hear(feed, 4);
	assert_int_equal(hub_look(feed, 3, &first), HUB_ELSEWHERE);
	assert_false(hub_learn(feed, 5, 5));
	hub_refill(feed, 5, "{\"number\":5}", 12);
	assert_int_equal(hub_look(feed, 4, &first), HUB_HERE);
}

enum { STEPS = 200 };

/* An event of the model, which rewrites the earlier ones or does not. */
static void hear_of(struct followed *feed, int64_t number, bool rewrites)
{
	char json[64];
	int length = snprintf(json, sizeof(json), "{\"number\":%d,\"kind\":\"message_%s\"}",
	                      (int)number, rewrites ? "deleted" : "sent");

	(void)hub_hear(feed, number, json, (size_t)length);
}

/* No text that an event which was heard of has rewritten: all texts are those of their commit. */
static void assert_none_is_old(const struct followed *feed, const struct event_page *page,
                               const bool rewrites[STEPS + 1])
{
	for (size_t i = 0; i < page->count; i++)
		for (int64_t n = page->items[i].number + 1; n <= feed->heard; n++)
			assert_false(rewrites[n]);
}

/* Against a model: every event was committed; each is heard or swept some time, in any order. */
static void a_reader_sees_every_number_once_whatever_is_heard(void **state)
{
	for (int round = 0; round < 200; round++) {
		struct followed *feed = hub_fetch(some_id(), false, 1);
		bool rewrites[STEPS + 1] = {false};
		int64_t written = 0, seen = 0, number;

		(void)hub_learn(feed, 0, 0);
		for (int step = 0; step < STEPS; step++) {
			struct event_page page;

			if (random_u64() % 2 == 0)
				rewrites[++written] = random_u64() % 8 == 0;
			if (written > 0 && random_u64() % 3 != 0) {
				number = random_between(written > 5 ? written - 5 : 1, written);
				hear_of(feed, number, rewrites[number]);
			}
			if (random_u64() % 20 == 0) /* somebody has read the database */
				(void)hub_learn(feed, written, feed->heard);
			if (random_u64() % 10 == 0 && written > 0)
				(void)hub_hear(feed, written, NULL, 0); /* the sweep */
			if (!read_hub(feed, seen, 10, &page))
				seen = feed->last; /* read elsewhere */
			assert_none_is_old(feed, &page, rewrites);
			for (size_t i = 0; i < page.count; i++)
				assert_int_equal(page.items[i].number, ++seen);
			assert_false(page.resync);
			assert_true(seen <= written);
		}
		if (written > 0)
			(void)hub_hear(feed, written, NULL, 0);
		assert_int_equal(feed->last, written);
		assert_true(feed->event_count <= LIMIT_FOLLOWED_EVENTS);
	}
}

static void another_epoch_makes_every_feed_unknown(void **state)
{
	struct followed *feed = hub_fetch(some_id(), false, 1);
	unsigned first;

	(void)hub_learn(feed, 9, 0);
	assert_false(hub_set_epoch(7));
	assert_int_equal(hub_look(feed, 9, &first), HUB_NOTHING);
	assert_true(hub_set_epoch(8));
	assert_int_equal(hub_look(feed, 9, &first), HUB_UNKNOWN);
}

static void a_grant_ends_with_what_it_stood_on(void **state)
{
	struct uuid account = some_id(), session = some_id(), other = some_id();
	struct followed *feed = hub_fetch(some_id(), true, 1);

	hub_grant(feed, session, account, 0, 100);
	hub_grant(feed, other, account, 0, 100);
	assert_true(hub_granted(feed, session, 50));
	assert_false(hub_granted(feed, session, 101)); /* too old */
	assert_false(hub_granted(feed, some_id(), 50));
	hub_revoke(
	    &(struct revocation){.account_id = account, .session_id = session, .seen_ms = 200});
	assert_false(hub_granted(feed, session, 50));
	assert_true(hub_granted(feed, other, 50));
	hub_revoke(&(struct revocation){.vendor_id = some_id(), .seen_ms = 200});
	assert_true(hub_granted(feed, other, 50));
	hub_revoke(&(struct revocation){.vendor_id = feed->id, .seen_ms = 200});
	assert_false(hub_granted(feed, other, 50));
}

/* The database allowed it, it was revoked, and only then the answer arrives. */
static void a_grant_that_was_overtaken_is_none(void **state)
{
	struct uuid account = some_id(), session = some_id();
	struct followed *feed = hub_fetch(account, false, 1);

	hub_revoke(&(struct revocation){.account_id = account, .seen_ms = 200});
	hub_grant(feed, session, account, 0, 150);
	assert_false(hub_granted(feed, session, 0));
	hub_grant(feed, session, account, 0, 201);
	assert_true(hub_granted(feed, session, 0));
}

static void idle_feeds_are_forgotten_and_pinned_ones_are_not(void **state)
{
	struct uuid idle = some_id(), pinned = some_id(), used = some_id();

	(void)hub_fetch(idle, false, 1);
	hub_fetch(pinned, false, 1)->pins = 1;
	(void)hub_fetch(used, false, 10);
	hub_forget_idle(5);
	assert_null(hub_find(idle));
	assert_non_null(hub_find(pinned));
	assert_non_null(hub_find(used));
	hub_find(pinned)->pins = 0;
}

static void a_page_fits_the_room_that_it_asks_for(void **state)
{
	static char text[LIMIT_EVENT_BYTES], out[64 * 1024];
	struct event_page page = {
	    .last = INT64_MAX - 1,
	    .resync = true,
	};
	static const char ITEM[] =
	    "{\"number\":9223372036854775806,\"kind\":\"x\",\"at\":\"\",\"payload\":{}}";

	memset(text, 'x', sizeof(text));
	memcpy(text, ITEM, sizeof(ITEM) - 1);
	page.role = STAFF_ROLE_FINANCE;
	for (page.count = 0; page.count <= 10; page.count++) {
		size_t room = event_page_room(&page);

		assert_true(event_page_write(&page, INT64_MIN, some_id(), 99999, out) <= room);
		assert_true(event_page_write_stream(&page, INT64_MIN, some_id(), out) <= room);
		page.items[page.count] = (struct event_item){INT64_MAX - 1, text, sizeof(text)};
	}
}

int main(void)
{
	random_begin();
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_cursor_comes_back_as_it_was),
	    cmocka_unit_test(what_is_no_cursor_is_refused),
	    cmocka_unit_test(wake_ups_are_read_as_they_were_written),
	    cmocka_unit_test_setup_teardown(only_the_other_sides_messages_ask_for_a_receipt,
	                                    start_hub, stop_hub),
	    cmocka_unit_test_setup_teardown(what_was_missed_may_ask_for_a_receipt, start_hub,
	                                    stop_hub),
	    cmocka_unit_test_setup_teardown(a_text_that_comes_late_is_not_kept, start_hub,
	                                    stop_hub),
	    cmocka_unit_test_setup_teardown(what_was_taken_back_is_kept_no_longer, start_hub,
	                                    stop_hub),
	    cmocka_unit_test(a_page_fits_the_room_that_it_asks_for),
	    cmocka_unit_test_setup_teardown(a_feed_is_unknown_until_the_database_was_asked,
	                                    start_hub, stop_hub),
	    cmocka_unit_test_setup_teardown(the_database_corrects_what_was_never_so, start_hub,
	                                    stop_hub),
	    cmocka_unit_test_setup_teardown(a_reader_sees_every_number_once_whatever_is_heard,
	                                    start_hub, stop_hub),
	    cmocka_unit_test_setup_teardown(another_epoch_makes_every_feed_unknown, start_hub,
	                                    stop_hub),
	    cmocka_unit_test_setup_teardown(a_grant_ends_with_what_it_stood_on, start_hub,
	                                    stop_hub),
	    cmocka_unit_test_setup_teardown(a_grant_that_was_overtaken_is_none, start_hub,
	                                    stop_hub),
	    cmocka_unit_test_setup_teardown(idle_feeds_are_forgotten_and_pinned_ones_are_not,
	                                    start_hub, stop_hub),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
