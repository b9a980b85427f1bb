#include "shop/feed/catch_up.h"

#include <assert.h>
#include <stddef.h>
#include <string.h>

#include "base/limits.h"
#include "net/co.h"
#include "net/loop.h"
#include "shop/feed/poll_internal.h"
#include "shop/feed/read.h"

enum {
	WORKERS = 16,
	READ_MS = 5000,
	RETRY_MS = 200, /* after a failed read */
};

static struct {
	bool started, stopping;
	struct list_node behind; /* feeds */
	struct co *idle[WORKERS];
	unsigned idle_count;
} all;

/* A read for one of the polls. The task must be first: cast to the struct. */
struct catching {
	struct task task;
	struct followed *feed;
	struct cursor cursor;
	size_t limit;
};

_Static_assert(offsetof(struct catching, task) == 0, "a task is cast to its read");

void catch_up(struct followed *feed)
{
	assert(all.idle_count <= WORKERS);
	if (feed->is_served || !list_is_empty(&feed->behind) || !all.started)
		return;
	list_push_back(&all.behind, &feed->behind);
	if (all.idle_count > 0)
		co_wake(all.idle[--all.idle_count]);
}

/* Gives the page to all polls at the reader's cursor. */
static void give_page(struct followed *feed, struct cursor from, struct event_page *page)
{
	struct list_node *at, *next;

	LIST_EACH(at, next, &feed->polls)
	{
		struct poll *poll = CONTAINER_OF(at, struct poll, node);

		if (poll->after == from.number && poll->epoch == from.epoch &&
		    !poll_is_stalled(poll) && (page->count > 0 || page->resync))
			poll_give(poll, page);
	}
	if (page->last != feed->heard || feed->event_count > 0)
		return; /* events heard meanwhile may have rewritten these */
	for (size_t i = 0; i < page->count; i++)
		if (page->items[i].length <= LIMIT_EVENT_BYTES)
			hub_refill(feed, page->items[i].number, page->items[i].json,
			           page->items[i].length);
}

static void read_for_one(struct task *task)
{
	struct catching *catching = (struct catching *)(void *)task;

	give_page(catching->feed, catching->cursor,
	          read_events(task, catching->feed, &catching->cursor, catching->limit));
}

/* Ends the polls of a session that the database refused; the client gets the error on its next
 * request. */
static void end_polls_of(struct followed *feed, struct uuid session_id)
{
	struct list_node *at, *next;

	LIST_EACH(at, next, &feed->polls)
	{
		struct poll *poll = CONTAINER_OF(at, struct poll, node);

		if (uuid_equal(poll->session_id, session_id))
			poll_end(poll, 0);
	}
}

static struct poll *first_behind(struct followed *feed)
{
	struct list_node *at, *next;

	LIST_EACH(at, next, &feed->polls)
	{
		struct poll *poll = CONTAINER_OF(at, struct poll, node);

		if (poll_serve(poll))
			return poll;
	}
	return NULL;
}

/* Reads for one poll; false on a temporary failure. */
static bool read_for(struct followed *feed, const struct poll *poll)
{
	struct catching catching = {
	    .task = {.deadline_ms = loop_now_ms() + READ_MS,
	             .actor = {.kind = feed->of_vendor ? ACTOR_STAFF : ACTOR_CUSTOMER,
	                       .account_id = poll->account_id,
	                       .session_id = poll->session_id,
	                       .roles = poll->roles},
	             .name = "feed"},
	    .feed = feed,
	    .cursor = {poll->epoch, poll->after},
	    .limit = (size_t)poll->limit,
	};
	struct uuid session_id = poll->session_id;
	bool good;

	assert(poll->feed == feed && poll->limit > 0 && poll->limit <= LIMIT_PAGE);
	if (feed->of_vendor)
		catching.task.actor.vendor_id = feed->id;
	memcpy(catching.task.request_id, poll->parked.request_id, sizeof(catching.task.request_id));
	catching.task.arena = arena_new(LIMIT_REQUEST_ARENA_BYTES, task_arena_full, &catching.task);
	good = task_run(&catching.task, read_for_one);
	if (!good && catching.task.problem.code->status < 500) {
		end_polls_of(feed, session_id);
		good = true;
	}
	arena_free(catching.task.arena);
	return good;
}

static void serve_feed(struct followed *feed)
{
	assert(!feed->is_served && list_is_empty(&feed->behind));
	feed->pins++;
	feed->is_served = true;
	for (;;) {
		const struct poll *poll = first_behind(feed);

		if (poll == NULL || all.stopping)
			break;
		if (!read_for(feed, poll))
			co_sleep_ms(RETRY_MS);
	}
	assert(feed->is_served && feed->pins > 0);
	feed->is_served = false;
	feed->pins--;
}

static void work(void *arg)
{
	(void)arg;
	while (!all.stopping) {
		struct list_node *node = list_pop_front(&all.behind);

		if (node != NULL) {
			serve_feed(CONTAINER_OF(node, struct followed, behind));
			continue;
		}
		assert(all.idle_count < WORKERS);
		all.idle[all.idle_count++] = co_self();
		(void)co_wait(0);
	}
}

int catch_up_start(void)
{
	assert(!all.started);
	list_init(&all.behind);
	all.started = true;
	all.stopping = false;
	all.idle_count = 0;
	for (int i = 0; i < WORKERS; i++) {
		int r = co_start(work, NULL);

		if (r < 0)
			return r;
	}
	return 0;
}

void catch_up_stop(void)
{
	all.stopping = true;
	all.started = false;
	while (all.idle_count > 0)
		co_wake(all.idle[--all.idle_count]);
}

bool catch_up_is_working(void)
{
	return all.started && all.idle_count < WORKERS;
}
