/*
 * events: polling a feed, for customers and for the staff of a vendor.
 */
#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "feed.sql.h"
#include "net/loop.h"
#include "shop/feed/feed.h"
#include "shop/feed/poll.h"
#include "shop/feed/read.h"
#include "web/reply.h"
#include "web/ticket.h"

enum {
	SHORT_POLL_MIN_MS = 2000, /* delay for clients that are not parked */
	SHORT_POLL_MAX_MS = 5000,
	RETRY_MIN_MS = 500,
	RETRY_MAX_MS = 3000,
};

/* The feed's owner: the vendor in the path, or the caller. */
static struct uuid owner_of(const struct request *rq, const struct uuid *vendor_id)
{
	assert((vendor_id != NULL) == (rq->task.actor.kind == ACTOR_STAFF));
	return vendor_id != NULL ? *vendor_id : rq->task.actor.account_id;
}

/* The parameters of a poll. */
struct ask {
	struct uuid owner;
	struct cursor cursor;
	bool has_cursor;
	bool is_stream;
	int32_t limit, wait_s;
};

static bool wants_stream(struct request *rq)
{
	const char *accept = http_header(rq->http, "Accept");

	return accept != NULL && strncasecmp(accept, "text/event-stream", 17) == 0;
}

/* Browsers send their last id whatever happened to the feed, and never retry a refused stream. So
 * an invalid cursor counts as none there, which is answered with a resync. */
static struct ask read_ask(struct request *rq, const struct get_events_in *in)
{
	struct uuid owner = owner_of(rq, in->vendor_id);
	struct ask ask = {
	    .owner = owner, .is_stream = wants_stream(rq), .limit = in->limit, .wait_s = in->wait};
	bool has_id = in->last_event_id != NULL && in->last_event_id[0] != '\0';
	const char *text = has_id ? in->last_event_id : in->after;

	ask.has_cursor = text != NULL && cursor_decode(text, owner, &ask.cursor);
	if (text != NULL && !ask.has_cursor && !has_id && !ask.is_stream)
		task_end_field(&rq->task, "?after", "format",
		               "The cursor is not valid for this feed.");
	return ask;
}

static void reply_page_now(struct request *rq, const struct ask *ask, const struct event_page *page,
                           int next_poll_ms)
{
	char *body = arena_alloc(rq->task.arena, event_page_room(page));

	reply_send(rq, 200, "application/json", body,
	           event_page_write(page, hub_epoch(), ask->owner, next_poll_ms, body));
}

static void begin_stream(struct request *rq, const struct ask *ask, struct followed *feed,
                         const struct event_page *page)
{
	char *begin = arena_alloc(rq->task.arena, event_page_room(page) + 64);
	size_t length =
	    (size_t)sprintf(begin, "retry: %d\n\n", spread_ms(RETRY_MIN_MS, RETRY_MAX_MS));

	length += event_page_write_stream(page, hub_epoch(), ask->owner, begin + length);
	poll_stream(rq, feed, page->last, begin, length);
}

/* Whether this process is notified of all events of the feed, and the session may read it. */
static bool may_park(const struct request *rq, const struct followed *feed)
{
	return !polls_draining() && feed->known &&
	       hub_granted(feed, rq->task.actor.session_id, loop_now_ms() - GRANT_MS);
}

/* The device of this session has acknowledged all events up to here; delivered.c notifies chat.
 * Ignored for roles that do not receive messages. */
static void acknowledge(struct followed *feed, struct uuid session_id, uint32_t role,
                        int64_t number)
{
	bool is_received = role == 0 || (EVENT_KIND_STAFF[EVENT_MESSAGE_SENT] & role) != 0;

	assert(number >= 0);
	if (!is_received)
		return;
	if (number > feed->passed)
		feed->passed = number;
	for (struct grant *grant = feed->grants; grant != NULL; grant = grant->next)
		if (uuid_equal(grant->session_id, session_id) && number > grant->passed)
			grant->passed = number;
}

/* GET /v1[/vendors/{vendor_id}]/events */
void get_events(struct request *rq, const struct get_events_in *in)
{
	struct ask ask = read_ask(rq, in);
	struct followed *feed =
	    hub_fetch(ask.owner, rq->task.actor.kind == ACTOR_STAFF, loop_now_ms());
	bool waits = ask.is_stream || ask.wait_s > 0;
	struct event_page *page;

	if (waits || feed == NULL)
		poll_admit(rq, feed, ask.is_stream);
	assert(feed != NULL); /* poll_admit ends the request when the hub is full */
	page = read_events(&rq->task, feed, ask.has_cursor ? &ask.cursor : NULL, (size_t)ask.limit);
	bool is_empty = page->count == 0 && !page->resync;

	assert(page->count <= (size_t)ask.limit && ask.limit <= LIMIT_PAGE);
	if (ask.has_cursor && !page->resync)
		acknowledge(feed, rq->task.actor.session_id, page->role, ask.cursor.number);
	if (ask.is_stream && may_park(rq, feed))
		begin_stream(rq, &ask, feed, page);
	else if (!ask.is_stream && is_empty && waits && may_park(rq, feed))
		poll_park(rq, feed, page->last, ask.limit, (int64_t)ask.wait_s * 1000);
	else if (ask.is_stream)
		task_end_with(&rq->task,
		              (struct problem){.code = PROBLEM_UNAVAILABLE,
		                               .detail = "Streams are temporarily unavailable.",
		                               .retry_after_s = 1});
	else if (is_empty)
		reply_page_now(rq, &ask, page, spread_ms(SHORT_POLL_MIN_MS, SHORT_POLL_MAX_MS));
	else
		reply_page_now(rq, &ask, page, 0);
}

/* POST /v1/events/ticket */
void create_events_ticket(struct request *rq, const struct create_events_ticket_in *in)
{
	struct buf body = buf_new(rq->task.arena, 128);
	struct json json = json_new(&body);
	char ticket[TICKET_LENGTH + 1];

	(void)in;
	ticket_make(rq, ticket);
	json_open_object(&json);
	json_put_str(&json, "ticket", ticket);
	json_put_int(&json, "expires_in", TICKET_LIFE_S);
	json_close_object(&json);
	reply_json(rq, 201, &body);
}

/* PUT /v1[/vendors/{vendor_id}]/events/delivered */
void acknowledge_events(struct request *rq, const struct acknowledge_events_in *in)
{
	struct uuid owner = owner_of(rq, in->vendor_id);
	bool of_vendor = rq->task.actor.kind == ACTOR_STAFF;
	struct followed *feed = hub_fetch(owner, of_vendor, loop_now_ms());
	struct cursor cursor;
	bool is_cursor = cursor_decode(in->cursor, owner, &cursor);
	const struct event_page *page;

	if (feed == NULL)
		task_end(&rq->task, PROBLEM_OVERLOADED, "Too many open feed streams.");
	/* Checks first the permission, then whether the number exists. */
	page = read_events(&rq->task, feed, is_cursor ? &cursor : NULL, 1);
	if (!is_cursor)
		task_end_field(&rq->task, "/cursor", "format",
		               "The cursor is not valid for this feed.");
	if (page->resync)
		task_end(&rq->task, PROBLEM_CONFLICT,
		         "The cursor has expired; read the state again.");
	acknowledge(feed, rq->task.actor.session_id, page->role, cursor.number);
	reply_empty(rq);
}
