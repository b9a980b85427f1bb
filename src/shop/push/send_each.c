/* Messages that are requests of their own: FCM, APNs and Web Push, many of them side by side. */
#include <assert.h>
#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/limits.h"
#include "net/http_client_group.h"
#include "net/loop.h"
#include "shop/push/internal.h"
#include "shop/push/sender.h"
#include "shop/push/tokens.h"

enum {
	KNOWN_MS = 5 * 60 * 1000, /* how long an answer says how an origin works */
	ORIGINS = 16,
	RENEW_ARENA_BYTES = 64 * 1024,
};

/* How many messages may be under way to an origin: one first, and one more for each that is
 * answered; after a failure one again. So an outage costs one attempt, a connection that breaks
 * takes few messages with it while that happens often, and APNs, which takes no more before it has
 * seen our token, gets one. */
static struct origin {
	char name[200];
	unsigned room;
	int64_t until_ms;
} origins[ORIGINS];
static unsigned origins_next;

static struct origin *origin_find(const char *name)
{
	for (unsigned i = 0; i < ORIGINS; i++)
		if (strcmp(origins[i].name, name) == 0)
			return &origins[i];
	return NULL;
}

static unsigned room_of(const char *name)
{
	const struct origin *origin = origin_find(name);

	return origin != NULL && loop_now_ms() < origin->until_ms ? origin->room : 1;
}

static void note_answer(const char *name, bool works)
{
	unsigned room = room_of(name);
	struct origin *origin = origin_find(name);

	if (origin == NULL) {
		origin = &origins[origins_next++ % ORIGINS];
		snprintf(origin->name, sizeof(origin->name), "%s", name);
	}
	origin->room = !works ? 1 : room < LIMIT_DELIVERY_BATCH ? room + 1 : room;
	origin->until_ms = loop_now_ms() + KNOWN_MS;
	assert(origin->room > 0 && origin->room <= LIMIT_DELIVERY_BATCH);
}

/* A batch on its way. What is sent again, once with another token and once to the other environment
 * of APNs, is queued behind the others. */
struct flight {
	struct push_batch *batch;
	struct http_client_group *group;
	struct sending **queue;
	size_t queued, next;
	bool may_begin; /* rows that have not begun yet */
};

static int64_t now_s(void)
{
	return clock_now_us() / 1000000;
}

static const char *origin_of(struct arena *arena, struct sending *sending)
{
	const struct push_settings *settings = push_sender.settings;

	if (sending->provider == PUSH_FCM)
		return settings->fcm_origin;
	if (sending->provider == PUSH_APNS)
		return sending->is_sandbox ? settings->apns_sandbox_origin : settings->apns_origin;
	if (sending->web_origin == NULL)
		sending->web_origin = web_push_origin(arena, sending->push.device.address);
	return sending->web_origin;
}

static int build_web(struct arena *arena, struct sending *sending, struct push_request *ret)
{
	const char *origin = origin_of(arena, sending);

	if (origin == NULL)
		return -EINVAL;
	sending->token = tokens_vapid(arena, origin);
	if (sending->token == NULL)
		return -ENOMEM;
	const struct web_push_server server = {sending->token, push_sender.web};

	return web_push_build(arena, &server, &sending->push, now_s(), ret);
}

/* The token is there already, but for that of a browser's service. */
static int build(struct arena *arena, struct sending *sending, struct push_request *ret)
{
	if (sending->provider == PUSH_WEB)
		return build_web(arena, sending, ret);
	if (sending->provider == PUSH_APNS) {
		const struct apns_server server = {
		    origin_of(arena, sending), push_sender.settings->apns_topic, sending->token};

		return sending->activity == NULL
		           ? apns_build(arena, &server, &sending->push, now_s(), ret)
		           : apns_build_activity(arena, &server, &sending->push, sending->activity,
		                                 now_s(), ret);
	}
	const struct fcm_server server = {push_sender.settings->fcm_origin,
	                                  push_sender.credentials.fcm.project, sending->token,
	                                  false};

	assert(sending->provider == PUSH_FCM);
	return fcm_build(arena, &server, &sending->push, now_s(), ret);
}

static struct push_verdict judge(struct arena *arena, const struct sending *sending,
                                 const struct http_client_finished *finished)
{
	if (finished->result < 0)
		return push_unanswered(finished->result, sending->provider != PUSH_WEB);
	if (sending->provider == PUSH_FCM)
		return fcm_judge(arena, &finished->response, now_s());
	if (sending->provider == PUSH_APNS)
		return apns_judge(arena, &finished->response, now_s());
	return web_push_judge(arena, &finished->response, now_s());
}

/* A message that cannot be built is as if the provider had said so. */
static struct push_verdict unbuilt(int rc)
{
	assert(rc < 0);
	if (rc == -EINVAL)
		return (struct push_verdict){.outcome = PUSH_ADDRESS_GONE, .reason = "bad address"};
	if (rc == -EMSGSIZE)
		return (struct push_verdict){.outcome = PUSH_DROPPED, .reason = "too large"};
	return (struct push_verdict){.outcome = PUSH_NOT_SENT, .reason = "no memory"};
}

static void send_again(struct flight *flight, struct sending *sending)
{
	assert(flight->queued < 3 * flight->batch->count);
	flight->queue[flight->queued++] = sending;
}

/* Another token, for this message and those that have not been sent. False: *verdict is why there
 * is none. */
static bool renew(struct flight *flight, struct sending *sending, struct push_verdict *verdict)
{
	struct arena *arena = flight->batch->task->arena;
	const char *token = NULL;

	if (sending->has_renewed || sending->provider == PUSH_WEB)
		return false;
	sending->has_renewed = true;
	if (sending->provider == PUSH_FCM) {
		tokens_fcm_refused(sending->token);
		struct push_verdict got = tokens_fcm(arena, &token);

		if (got.outcome != PUSH_SENT)
			*verdict = got;
	} else {
		verdict->delay_ms = tokens_apns_refused_ms(sending->token);
		if (verdict->delay_ms == 0)
			token = tokens_apns(arena);
	}
	for (size_t i = flight->next; token != NULL && i < flight->queued; i++)
		flight->queue[i]->token = token;
	sending->token = token;
	return token != NULL;
}

/* Whether it is to be sent again at once. */
static bool is_again(struct flight *flight, struct sending *sending, struct push_verdict *verdict)
{
	if (verdict->outcome == PUSH_TOKEN_REFUSED)
		return renew(flight, sending, verdict);
	if (verdict->outcome != PUSH_WRONG_ENVIRONMENT || sending->has_switched)
		return false;
	sending->has_switched = true;
	sending->is_sandbox = !sending->is_sandbox;
	return true;
}

static bool is_to(struct arena *arena, struct sending *sending, const char *origin)
{
	const char *its = origin_of(arena, sending);

	return its != NULL && strcmp(its, origin) == 0;
}

/* Nobody knows what kind of host it is: its other messages do not wait for it one by one. */
static void lose_hope(struct flight *flight, struct sending *failed)
{
	struct arena *arena = flight->batch->task->arena;
	const char *origin = origin_of(arena, failed);

	assert(origin != NULL && !push_is_named(failed));
	for (size_t i = flight->next; i < flight->queued; i++)
		if (is_to(arena, flight->queue[i], origin))
			flight->queue[i]->is_hopeless = true;
}

static void take(struct flight *flight, const struct http_client_finished *finished)
{
	struct sending *sending = finished->owner;
	struct arena *arena = flight->batch->task->arena;
	struct push_verdict verdict = judge(arena, sending, finished);

	sending->is_under_way = false;
	sending->is_in_doubt = verdict.is_in_doubt;
	/* Neither are others; and it says nothing of the origin. */
	if (verdict.outcome == PUSH_NOT_SENT) {
		flight->may_begin = false;
		push_conclude(flight->batch, sending, &verdict);
		return;
	}
	note_answer(origin_of(arena, sending),
	            finished->result == 0 && verdict.outcome != PUSH_PROVIDER_FAILED);
	if (verdict.outcome == PUSH_PROVIDER_FAILED && !push_is_named(sending))
		lose_hope(flight, sending);
	if (is_again(flight, sending, &verdict))
		send_again(flight, sending);
	else
		push_conclude(flight->batch, sending, &verdict);
}

/* False: it does not go now; without an attempt it is leased again later. */
static bool may_go(struct flight *flight, struct sending *sending)
{
	static const struct push_verdict LATE = {.outcome = PUSH_RETRY, .reason = "no time left"};
	static const struct push_verdict STALE = {.outcome = PUSH_NOT_SENT, .reason = "not fresh"};
	const struct push_batch *batch = flight->batch;
	bool is_again = sending->has_switched || sending->has_renewed;
	bool is_late = loop_now_ms() + LIMIT_DELIVERY_ATTEMPT_MS > batch->task->deadline_ms;
	bool is_begun = sending->delivery->state == DELIVERY_BEGUN; /* there was no room */

	if (!is_again) {
		flight->may_begin = flight->may_begin && push_is_fresh(batch->read_ms) &&
		                    (is_begun || delivery_begin(sending->delivery));
		if (!flight->may_begin && is_begun)
			push_conclude(flight->batch, sending, &STALE);
		return flight->may_begin;
	}
	assert(is_begun);
	if (is_late)
		push_conclude(flight->batch, sending, &LATE);
	return !is_late;
}

static int64_t attempt_ms(const struct sending *sending)
{
	return push_is_named(sending) ? LIMIT_DELIVERY_ATTEMPT_MS : LIMIT_PUSH_UNNAMED_ATTEMPT_MS;
}

/* False: there is no room; take a finished one first. */
static bool launch(struct flight *flight, struct sending *sending)
{
	static const struct push_verdict HOPELESS = {.outcome = PUSH_RETRY,
	                                             .reason = "its host does not answer"};
	struct arena *arena = flight->batch->task->arena;
	struct push_request built;
	int rc;

	if (sending->is_hopeless) {
		if (sending->delivery->state == DELIVERY_BEGUN || delivery_begin(sending->delivery))
			push_conclude(flight->batch, sending, &HOPELESS);
		return true;
	}
	if (!may_go(flight, sending))
		return true;
	rc = build(arena, sending, &built);
	if (rc < 0) {
		struct push_verdict verdict = unbuilt(rc);

		push_conclude(flight->batch, sending, &verdict);
		return true;
	}
	const struct http_client_request request =
	    push_call(&built, PUSH_ANSWER_BYTES, sending->provider != PUSH_WEB);

	sending->is_under_way = http_client_group_add(flight->group, &request,
	                                              loop_now_ms() + attempt_ms(sending), sending);
	return sending->is_under_way;
}

static unsigned under_way_to(const struct flight *flight, const char *origin)
{
	struct push_batch *batch = flight->batch;
	unsigned count = 0;

	for (size_t i = 0; i < batch->count; i++)
		count += batch->sendings[i].is_under_way &&
		         is_to(batch->task->arena, &batch->sendings[i], origin);
	return count;
}

static bool has_room(const struct flight *flight, struct sending *sending)
{
	const char *origin = origin_of(flight->batch->task->arena, sending);
	unsigned under_way = http_client_group_count(flight->group);

	if (under_way == 0 || origin == NULL || sending->is_hopeless)
		return true;
	if (!push_is_named(sending))
		under_way = under_way_to(flight, origin);
	return under_way == 0 || under_way < room_of(origin);
}

/* Whether one may go now, which is then the next: of the queue that many hosts share, the first
 * whose host has room. */
static bool may_launch(struct flight *flight)
{
	for (size_t i = flight->next; i < flight->queued; i++) {
		struct sending *sending = flight->queue[i];

		if (has_room(flight, sending)) {
			memmove(&flight->queue[flight->next + 1], &flight->queue[flight->next],
			        (i - flight->next) * sizeof(struct sending *));
			flight->queue[flight->next] = sending;
			return true;
		}
		if (push_is_named(sending))
			break;
	}
	return false;
}

static void fly(struct flight *flight)
{
	struct http_client_finished finished;

	do {
		while (may_launch(flight) && launch(flight, flight->queue[flight->next]))
			flight->next++;
		if (http_client_group_next(flight->group, &finished))
			take(flight, &finished);
	} while (flight->next < flight->queued || http_client_group_count(flight->group) > 0);
}

static void free_group(void *group)
{
	http_client_group_free(group);
}

/* The token of all; PUSH_SENT, or why there is none. */
static struct push_verdict get_token(struct push_batch *batch)
{
	struct push_verdict verdict = {.outcome = PUSH_SENT};
	const char *token = NULL;

	if (batch->sendings[0].provider == PUSH_FCM)
		verdict = tokens_fcm(batch->task->arena, &token);
	if (batch->sendings[0].provider == PUSH_APNS) {
		token = tokens_apns(batch->task->arena);
		if (token == NULL)
			verdict =
			    (struct push_verdict){.outcome = PUSH_NOT_SENT, .reason = "no memory"};
	}
	for (size_t i = 0; i < batch->count; i++)
		batch->sendings[i].token = token;
	return verdict;
}

void send_each(struct push_batch *batch)
{
	struct arena *arena = batch->task->arena;
	struct flight flight = {
	    .batch = batch,
	    .queue = arena_array(arena, 3 * batch->count, sizeof(*flight.queue)),
	    .may_begin = true,
	};
	struct push_verdict verdict = get_token(batch);

	assert(batch->count > 0 && batch->count <= LIMIT_CLIENT_GROUP_CALLS);
	if (verdict.outcome == PUSH_SENT) {
		flight.group = http_client_group_new((unsigned)batch->count);
		if (flight.group == NULL)
			verdict =
			    (struct push_verdict){.outcome = PUSH_NOT_SENT, .reason = "no memory"};
	}
	if (verdict.outcome != PUSH_SENT) {
		push_conclude_all(batch, &verdict);
		return;
	}
	arena_defer(arena, free_group, flight.group);
	for (size_t i = 0; i < batch->count; i++)
		flight.queue[flight.queued++] = &batch->sendings[i];
	fly(&flight);
}
