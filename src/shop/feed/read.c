#include "shop/feed/read.h"

#include <assert.h>
#include <hiredis/hiredis.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "feed.sql.h"
#include "net/loop.h"
#include "shop/feed/item.h"
#include "store/redis.h"

/* Timeout for the hot window; then the database is read. */
enum { WINDOW_MS = 50 };

static struct {
	struct redis *redis;
	bool trust;
	struct read_hooks hooks;
} read_state;

void read_start(struct redis *redis)
{
	read_state.redis = redis;
	read_state.trust = false;
}

void read_trust(bool trust)
{
	read_state.trust = trust;
}

void read_hook(struct read_hooks hooks)
{
	read_state.hooks = hooks;
}

void window_key(int64_t epoch, struct uuid owner, char ret[80])
{
	char id[UUID_TEXT_LENGTH + 1];

	uuid_format(owner, id);
	snprintf(ret, 80, "sebez:feed:%" PRIx64 ":{%s}", (uint64_t)epoch, id);
}

bool read_hub(const struct followed *feed, int64_t after, size_t limit, struct event_page *ret)
{
	unsigned first = 0;
	enum hub_view view = hub_look(feed, after, &first);

	*ret = (struct event_page){.last = after};
	if (view == HUB_HERE) {
		for (unsigned i = first; i < feed->event_count && ret->count < limit; i++) {
			const struct event_text *event = feed->events[i];

			if (!event_page_add(ret, (struct event_item){event->number, event->json,
			                                             event->length}))
				break;
		}
	}
	assert(ret->count <= limit && ret->last == after + (int64_t)ret->count); /* no gap */
	return view == HUB_NOTHING || view == HUB_HERE;
}

static void unpin(void *feed)
{
	assert(((struct followed *)feed)->pins > 0);
	((struct followed *)feed)->pins--;
}

/* Keeps the feed followed until the task ends. */
static void pin(struct task *task, struct followed *feed)
{
	feed->pins++;
	arena_defer(task->arena, unpin, feed);
}

/* The number at the start of an item's text; 0 when there is none. */
static int64_t number_of(const char *json)
{
	static const char HEAD[] = "{\"number\":";

	return strncmp(json, HEAD, sizeof(HEAD) - 1) == 0
	           ? strtoll(json + sizeof(HEAD) - 1, NULL, 10)
	           : 0;
}

/* Whether the window has all events from the cursor to the last known one. A missing event may be
 * one that rewrites others. */
static bool is_whole_window(const struct redisReply *reply, int64_t after, int64_t last)
{
	if (reply->type != REDIS_REPLY_ARRAY || (int64_t)reply->elements < last - after)
		return false;
	for (size_t i = 0; i < reply->elements; i++)
		if (reply->element[i]->type != REDIS_REPLY_STRING ||
		    number_of(reply->element[i]->str) != after + 1 + (int64_t)i)
			return false;
	return reply->elements > 0;
}

static void add_window(struct task *task, const struct redisReply *reply, int64_t after,
                       size_t limit, struct event_page *ret)
{
	for (size_t i = 0; i < reply->elements && i < limit; i++) {
		size_t length = reply->element[i]->len;
		struct event_item item = {
		    .number = after + 1 + (int64_t)i,
		    .json = arena_strndup(task->arena, reply->element[i]->str, length),
		    .length = length,
		};

		assert(number_of(item.json) == item.number); /* the window is whole */
		if (!event_page_add(ret, item))
			return;
	}
}

/* Reads the next events from the hot window; false when it does not have all of them. */
static bool read_window(struct task *task, const struct followed *feed, int64_t after, size_t limit,
                        struct event_page *ret)
{
	char key[80], low[32];
	struct redisReply *reply;

	if (read_state.redis == NULL || !redis_is_up(read_state.redis))
		return false;
	window_key(hub_epoch(), feed->id, key);
	snprintf(low, sizeof(low), "%" PRId64, after + 1);
	const char *argv[] = {"ZRANGEBYSCORE", key, low, "+inf"};
	size_t lengths[4];

	for (int i = 0; i < 4; i++)
		lengths[i] = strlen(argv[i]);
	if (redis_call(read_state.redis, loop_now_ms() + WINDOW_MS, &reply, 4, argv, lengths) != 0)
		return false;
	*ret = (struct event_page){.last = after};
	if (feed->known && is_whole_window(reply, after, feed->last))
		add_window(task, reply, after, limit, ret);
	freeReplyObject(reply);
	return ret->count > 0;
}

static void add_rows(struct db *db, const struct rows *rows, struct event_page *page)
{
	size_t count;
	const struct feed_events_row *row = sql_feed_events_rows(db, rows, &count);

	for (size_t i = 0; i < count; i++) {
		struct buf text = buf_new(db_task(db)->arena, ITEM_ROOM + strlen(row[i].payload));

		item_json(row[i].number, row[i].kind, row[i].payload, row[i].at, &text);
		if (!event_page_add(page,
		                    (struct event_item){row[i].number, text.data, text.length}))
			return;
	}
}

static void set_epoch(int64_t epoch)
{
	if (hub_set_epoch(epoch) && read_state.hooks.epoch_changed != NULL)
		read_state.hooks.epoch_changed();
}

/* Whether the events are consecutive from the cursor on: the oldest are deleted in no order. */
static bool is_whole(const struct event_page *page, int64_t after)
{
	for (size_t i = 0; i < page->count; i++)
		if (page->items[i].number != after + 1 + (int64_t)i)
			return false;
	return true;
}

/* Turns a gap into a resync: never returns only a part of the missing events. */
static void resync_on_gap(struct event_page *page, const struct cursor *cursor, int64_t epoch,
                          int64_t last)
{
	if (cursor != NULL && cursor->epoch == epoch && cursor->number <= last &&
	    (page->count > 0 ? is_whole(page, cursor->number) : cursor->number == last))
		return;
	assert(last >= 0);
	page->resync = true;
	page->count = 0;
	page->last = last;
}

static struct event_page *read_database(struct task *task, struct followed *feed,
                                        const struct cursor *cursor, size_t limit)
{
	struct event_page *page = arena_alloc(task->arena, sizeof(*page));
	struct db *batch = db_batch(task);
	bool trust = read_state.trust;
	int64_t asked_ms = loop_now_ms(), heard = feed->heard;
	struct rows *asked = sql_feed_position(batch, feed->id);
	struct rows *events = NULL;
	const struct feed_position_row *position;
	size_t count;

	if (cursor != NULL)
		events = sql_feed_events(batch, feed->id, cursor->number, (int32_t)limit);
	db_run(batch);
	position = sql_feed_position_rows(batch, asked, &count);
	set_epoch(position->epoch);
	page->role = (uint32_t)position->role_bit;
	hub_grant(feed, task->actor.session_id, task->actor.account_id, page->role, asked_ms);
	page->last = cursor != NULL ? cursor->number : position->last_number;
	if (events != NULL)
		add_rows(batch, events, page);
	int64_t last = position->last_number;

	if (page->count > 0 && page->last > last)
		last = page->last; /* committed between the two statements */
	resync_on_gap(page, cursor, position->epoch, last);
	if (trust && hub_learn(feed, last, heard) && read_state.hooks.news != NULL)
		read_state.hooks.news(feed);
	return page;
}

struct event_page *read_events(struct task *task, struct followed *feed,
                               const struct cursor *cursor, size_t limit)
{
	bool granted = hub_granted(feed, task->actor.session_id, loop_now_ms() - GRANT_MS);
	struct event_page *page;

	assert(limit > 0 && limit <= LIMIT_PAGE);
	assert(cursor == NULL || cursor->number >= 0);
	pin(task, feed);
	if (!granted || !feed->known)
		return read_database(task, feed, cursor, limit);
	page = arena_alloc(task->arena, sizeof(*page));
	uint32_t role = hub_role(feed, task->actor.session_id);

	if (cursor == NULL || cursor->epoch != hub_epoch()) {
		page->resync = true;
		page->last = feed->last;
	} else if (!read_hub(feed, cursor->number, limit, page) &&
	           !read_window(task, feed, cursor->number, limit, page)) {
		return read_database(task, feed, cursor, limit);
	}
	page->role = role;
	return page;
}
