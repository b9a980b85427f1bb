#include "shop/feed/poll.h"

#include <assert.h>
#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "net/loop.h"
#include "net/wheel.h"
#include "shop/feed/catch_up.h"
#include "shop/feed/item.h"
#include "shop/feed/page.h"
#include "shop/feed/poll_internal.h"
#include "shop/feed/read.h"

enum {
	HEARTBEAT_MS = 25 * 1000, /* middleboxes drop silent connections after a minute */
	RETRY_MAX_MS = 2500,
	STALLED_RETRY_MS = 200,
	STALLED_MAX_MS = 10 * 1000,
};

static const char HEARTBEAT[] = ":\n\n";

static struct {
	struct wheel *wheel;
	unsigned count;
	bool draining;
} polls;

int spread_ms(int min, int max)
{
	assert(min <= max);
	return min + (int)randombytes_uniform((uint32_t)(max - min + 1));
}

unsigned polls_count(void)
{
	return polls.count;
}

bool polls_draining(void)
{
	return polls.draining;
}

static struct poll *poll_of(struct list_node *node)
{
	return CONTAINER_OF(node, struct poll, node);
}

/* Removes the poll from its feed and the wheel; it must still be answered. */
static void leave(struct poll *poll)
{
	if (list_is_empty(&poll->node))
		return;
	assert(polls.count > 0 && poll->feed->poll_count > 0);
	list_remove(&poll->node);
	wheel_remove(polls.wheel, &poll->timer);
	poll->feed->poll_count--;
	polls.count--;
}

static void on_finished(struct parked *parked)
{
	struct poll *poll = CONTAINER_OF(parked, struct poll, parked);

	leave(poll); /* a stream whose client has gone is still listed */
	free(poll->body);
	free(poll);
}

static void answer(struct poll *poll, const struct event_page *page, int64_t epoch,
                   int next_poll_ms)
{
	static const char NO_MEMORY[] = "";
	size_t length = 0;

	assert(!poll->is_stream && poll->body == NULL);
	leave(poll);
	poll->body = malloc(event_page_room(page));
	if (poll->body != NULL)
		length = event_page_write(page, epoch, poll->feed->id, next_poll_ms, poll->body);
	parked_reply(&poll->parked, poll->body != NULL ? poll->body : NO_MEMORY, length);
}

bool poll_is_stalled(const struct poll *poll)
{
	return poll->stalled_ms != 0 && loop_now_ms() < poll->retry_ms;
}

/* Schedules a retry from the same cursor; after STALLED_MAX_MS the stream is closed, and the
 * client reconnects with the last id it has seen. */
static void stall(struct poll *poll)
{
	int64_t now_ms = loop_now_ms();

	assert(poll->is_stream && !list_is_empty(&poll->node));
	if (poll->stalled_ms == 0)
		poll->stalled_ms = now_ms;
	if (now_ms - poll->stalled_ms > STALLED_MAX_MS) {
		leave(poll);
		parked_stream_end(&poll->parked);
		return;
	}
	poll->retry_ms = now_ms + STALLED_RETRY_MS;
	wheel_remove(polls.wheel, &poll->timer);
	wheel_add(polls.wheel, &poll->timer, poll->retry_ms);
}

/* True when the bytes were accepted, or the client has gone: then `finished` follows. */
static bool push(struct poll *poll, const char *bytes, size_t length)
{
	assert(poll->is_stream);
	int r = parked_stream_push(&poll->parked, bytes, length);

	return r == 0 || r == -ECONNRESET;
}

static void push_page(struct poll *poll, const struct event_page *page)
{
	char *bytes = malloc(event_page_room(page));

	if (bytes == NULL ||
	    !push(poll, bytes, event_page_write_stream(page, hub_epoch(), poll->feed->id, bytes))) {
		stall(poll);
	} else {
		poll->stalled_ms = 0;
		poll->after = page->last;
		poll->epoch = hub_epoch();
	}
	free(bytes);
}

void poll_give(struct poll *poll, struct event_page *page)
{
	assert(page->resync || page->last > poll->after); /* positions only grow */
	page->role = poll->role;
	if (poll->is_stream)
		push_page(poll, page);
	else
		answer(poll, page, hub_epoch(), 0);
}

void poll_end(struct poll *poll, int next_poll_ms)
{
	if (poll->is_stream) {
		leave(poll);
		parked_stream_end(&poll->parked);
	} else {
		answer(poll, &(struct event_page){.last = poll->after}, poll->epoch, next_poll_ms);
	}
}

/* Sends the events that the hub has; true when more must be read from the database. */
bool poll_serve(struct poll *poll)
{
	struct event_page page;

	while (!list_is_empty(&poll->node) && !poll_is_stalled(poll)) {
		if (poll->epoch != hub_epoch() ||
		    !read_hub(poll->feed, poll->after, (size_t)poll->limit, &page))
			return true;
		if (page.count == 0 && !page.resync)
			return false;
		int64_t before = poll->after;

		poll_give(poll, &page);
		if (poll->after == before) /* poll answered, or stream stalled */
			return false;
	}
	return false;
}

void polls_news(struct followed *feed)
{
	struct list_node *at, *next;
	bool behind = false;

	LIST_EACH(at, next, &feed->polls)
	behind |= poll_serve(poll_of(at));
	if (behind)
		catch_up(feed);
}

/* A poll is answered with its unchanged cursor, so its next request returns the events it has not
 * seen. */
void polls_pass(struct followed *feed, const char *json, size_t length)
{
	struct event_page page = {.passing = json, .passing_length = length};
	struct list_node *at, *next;
	char *bytes = malloc(event_page_room(&page));

	if (bytes == NULL)
		return;
	size_t stream_length = event_passing_write_stream(&page, bytes);
	LIST_EACH(at, next, &feed->polls)
	{
		struct poll *poll = poll_of(at);

		page.last = poll->after;
		if (!item_is_received(json, length, poll->role))
			continue;
		if (poll->is_stream)
			(void)push(poll, bytes, stream_length); /* expires in seconds anyway */
		else
			answer(poll, &page, poll->epoch, 0);
	}
	free(bytes);
}

static void news(struct followed *feed, void *arg)
{
	(void)arg;
	if (!list_is_empty(&feed->polls))
		polls_news(feed);
}

void polls_all_news(void)
{
	hub_each(news, NULL);
}

static void on_due(struct wheel_timer *timer)
{
	struct poll *poll = CONTAINER_OF(timer, struct poll, timer);

	if (!poll->is_stream || loop_now_ms() >= poll->ends_ms) {
		poll_end(poll, 0);
		return;
	}
	wheel_add(polls.wheel, &poll->timer, loop_now_ms() + HEARTBEAT_MS);
	if (poll->stalled_ms == 0)
		(void)push(poll, HEARTBEAT, sizeof(HEARTBEAT) - 1);
	else if (poll_serve(poll))
		catch_up(poll->feed);
}

/* Client gone: free the slot. */
static void on_left(struct parked *parked)
{
	poll_end(CONTAINER_OF(parked, struct poll, parked), 0);
}

static unsigned streams_of(const struct followed *feed, struct uuid account_id)
{
	const struct list_node *at;
	unsigned count = 0;

	for (at = feed->polls.after; at != &feed->polls; at = at->after) {
		const struct poll *poll = CONTAINER_OF(at, struct poll, node);

		count += poll->is_stream && uuid_equal(poll->account_id, account_id);
	}
	return count;
}

void poll_admit(struct request *rq, const struct followed *feed, bool is_stream)
{
	if (feed != NULL && polls.count < LIMIT_PARKED &&
	    feed->poll_count < LIMIT_PARKED_OF_OWNER &&
	    (!is_stream || streams_of(feed, rq->task.actor.account_id) < LIMIT_STREAMS_OF_ACCOUNT))
		return;
	task_end_with(&rq->task, (struct problem){
	                             .code = PROBLEM_OVERLOADED,
	                             .detail = "Too many open long polls; retry later.",
	                             .retry_after_s = spread_ms(1, 5),
	                         });
}

static struct poll *park(struct request *rq, struct followed *feed, int64_t after, int32_t limit,
                         int64_t due_ms, bool is_stream)
{
	poll_admit(rq, feed, is_stream); /* others may have been parked during the read */
	struct poll *poll = calloc(1, sizeof(*poll));

	assert(after >= 0 && limit > 0 && limit <= LIMIT_PAGE && !polls.draining);
	if (poll == NULL)
		task_end(&rq->task, PROBLEM_OVERLOADED, "Not enough memory for another long poll.");
	request_park(rq, &poll->parked, on_finished, on_left);
	poll->feed = feed;
	poll->account_id = rq->task.actor.account_id;
	poll->session_id = rq->task.actor.session_id;
	poll->roles = rq->task.actor.roles;
	poll->role = hub_role(feed, poll->session_id);
	poll->parked_ms = loop_now_ms();
	poll->epoch = hub_epoch();
	poll->after = after;
	poll->limit = limit;
	poll->is_stream = is_stream;
	list_push_back(&feed->polls, &poll->node);
	feed->poll_count++;
	feed->used_ms = loop_now_ms();
	polls.count++;
	assert(feed->poll_count <= polls.count && polls.count <= LIMIT_PARKED);
	wheel_timer_init(&poll->timer);
	wheel_add(polls.wheel, &poll->timer, due_ms);
	return poll;
}

void poll_park(struct request *rq, struct followed *feed, int64_t after, int32_t limit,
               int64_t wait_ms)
{
	int tenth = (int)wait_ms / 10;
	struct poll *poll =
	    park(rq, feed, after, limit, loop_now_ms() + wait_ms + spread_ms(-tenth, tenth), false);

	if (poll_serve(poll))
		catch_up(feed);
	else if (!list_is_empty(&poll->node))
		parked_set_aside(&poll->parked);
}

void poll_stream(struct request *rq, struct followed *feed, int64_t after, const char *begin,
                 size_t length)
{
	struct poll *poll =
	    park(rq, feed, after, LIMIT_PAGE, loop_now_ms() + spread_ms(1000, HEARTBEAT_MS), true);

	poll->ends_ms = loop_now_ms() + GRANT_MS;
	parked_stream_begin(&poll->parked, "text/event-stream");
	if (!push(poll, begin, length))
		poll_end(poll, 0); /* total backlog of streams too large: the client reconnects */
	else if (poll_serve(poll))
		catch_up(feed);
}

static void end_each(struct followed *feed, void *arg)
{
	const struct revocation *revocation = arg;
	struct list_node *at, *next;

	LIST_EACH(at, next, &feed->polls)
	{
		struct poll *poll = poll_of(at);

		if (revocation == NULL)
			poll_end(poll, spread_ms(0, RETRY_MAX_MS));
		else if (hub_is_revoked(feed, poll->account_id, poll->session_id, poll->parked_ms,
		                        revocation))
			poll_end(poll, 0);
	}
}

void polls_revoke(const struct revocation *revocation)
{
	struct revocation copy = *revocation;

	hub_each(end_each, &copy);
}

void polls_drain(void)
{
	polls.draining = true;
	hub_each(end_each, NULL);
}

void polls_start(void)
{
	assert(polls.wheel == NULL && polls.count == 0);
	polls.wheel = wheel_new(on_due);
	polls.draining = false;
}

void polls_stop(void)
{
	assert(polls.count == 0); /* drained */
	wheel_free(polls.wheel);
	polls.wheel = NULL;
}
