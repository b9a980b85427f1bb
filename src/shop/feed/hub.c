#include "shop/feed/hub.h"

#include <assert.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/limits.h"
#include "shop/feed/item.h"

enum {
	BUCKETS = 32768,
	/* Revocations kept: a grant queried before a revocation may arrive after it. */
	RECENT = 1024,
};

static struct {
	struct followed **buckets;
	uint8_t key[HASH_KEY_BYTES];
	unsigned count;
	int64_t epoch;
	struct revocation recent[RECENT];
	unsigned recent_count; /* total so far */
} hub;

void hub_start(void)
{
	assert(hub.buckets == NULL);
	hub.buckets = calloc(BUCKETS, sizeof(hub.buckets[0]));
	assert(hub.buckets != NULL);
	randombytes_buf(hub.key, sizeof(hub.key));
}

static void drop_events(struct followed *feed)
{
	for (unsigned i = 0; i < feed->event_count; i++)
		free(feed->events[i]);
	free(feed->events);
	feed->events = NULL;
	feed->event_count = 0;
}

static void drop_grants(struct followed *feed)
{
	while (feed->grants != NULL) {
		struct grant *grant = feed->grants;

		feed->grants = grant->next;
		free(grant);
	}
}

static void feed_free(struct followed *feed)
{
	assert(list_is_empty(&feed->polls) && feed->pins == 0);
	assert(hub.count > 0);
	list_remove(&feed->behind);
	drop_events(feed);
	drop_grants(feed);
	free(feed);
	hub.count--;
}

void hub_stop(void)
{
	for (int i = 0; hub.buckets != NULL && i < BUCKETS; i++) {
		while (hub.buckets[i] != NULL) {
			struct followed *feed = hub.buckets[i];

			hub.buckets[i] = feed->next;
			feed_free(feed);
		}
	}
	free(hub.buckets);
	hub.buckets = NULL;
	hub.epoch = 0;
	hub.recent_count = 0;
}

int64_t hub_epoch(void)
{
	return hub.epoch;
}

static void make_unknown(struct followed *feed, void *arg)
{
	(void)arg;
	feed->known = false;
	feed->last = 0;
	feed->heard = 0;
	drop_events(feed);
}

bool hub_set_epoch(int64_t epoch)
{
	bool is_new = hub.epoch != 0 && hub.epoch != epoch;

	hub.epoch = epoch;
	if (is_new)
		hub_each(make_unknown, NULL);
	return is_new;
}

static struct followed **bucket_of(struct uuid id)
{
	assert(hub.buckets != NULL); /* started */
	return &hub.buckets[hash_keyed(hub.key, id.bytes, sizeof(id.bytes)) % BUCKETS];
}

struct followed *hub_find(struct uuid id)
{
	struct followed *feed = *bucket_of(id);

	while (feed != NULL && !uuid_equal(feed->id, id))
		feed = feed->next;
	return feed;
}

struct followed *hub_fetch(struct uuid id, bool of_vendor, int64_t now_ms)
{
	struct followed *feed = hub_find(id);
	struct followed **bucket = bucket_of(id);

	assert(hub.count <= LIMIT_FOLLOWED);
	if (feed == NULL) {
		if (hub.count >= LIMIT_FOLLOWED)
			return NULL;
		feed = calloc(1, sizeof(*feed));
		if (feed == NULL)
			return NULL;
		feed->id = id;
		feed->of_vendor = of_vendor;
		list_init(&feed->polls);
		list_init(&feed->behind);
		feed->next = *bucket;
		*bucket = feed;
		hub.count++;
	}
	feed->used_ms = now_ms;
	return feed;
}

unsigned hub_count(void)
{
	return hub.count;
}

void hub_each(void (*each)(struct followed *feed, void *arg), void *arg)
{
	for (int i = 0; i < BUCKETS; i++)
		for (struct followed *feed = hub.buckets[i]; feed != NULL; feed = feed->next)
			each(feed, arg);
}

void hub_forget_idle(int64_t since_ms)
{
	for (int i = 0; i < BUCKETS; i++) {
		struct followed **link = &hub.buckets[i];

		while (*link != NULL) {
			struct followed *feed = *link;

			if (feed->used_ms >= since_ms || feed->pins > 0 ||
			    !list_is_empty(&feed->polls)) {
				link = &feed->next;
				continue;
			}
			*link = feed->next;
			feed_free(feed);
		}
	}
}

bool hub_learn(struct followed *feed, int64_t last, int64_t heard)
{
	/* A number heard before the query must have committed, or its announcement was wrong. */
	bool was_misled = last < heard && feed->heard == heard;
	bool is_news = last > feed->heard;

	assert(last >= 0 && heard >= 0);
	if (is_news || was_misled) {
		feed->heard = last;
		feed->asks = last;
		drop_events(feed);
	}
	feed->last = feed->heard;
	assert(feed->last >= last);
	feed->known = true;
	return is_news;
}

static struct event_text *event_new(int64_t number, const char *json, size_t length)
{
	struct event_text *event = malloc(sizeof(*event) + length);

	if (event == NULL)
		return NULL;
	event->number = number;
	event->length = length;
	memcpy(event->json, json, length);
	return event;
}

/* Drops the kept events first when this one does not follow the newest: there must be no gap. */
static void keep(struct followed *feed, int64_t number, const char *json, size_t length)
{
	const unsigned count = feed->event_count;
	struct event_text *event;

	assert(number > 0 && length > 0 && count <= LIMIT_FOLLOWED_EVENTS);
	if (count > 0 && number != feed->events[count - 1]->number + 1)
		drop_events(feed);
	if (item_rewrites(json, length))
		drop_events(feed);
	event = event_new(number, json, length);
	if (feed->events == NULL)
		feed->events = calloc(LIMIT_FOLLOWED_EVENTS, sizeof(feed->events[0]));
	if (event == NULL || feed->events == NULL) {
		free(event);
		drop_events(feed);
		return;
	}
	if (feed->event_count == LIMIT_FOLLOWED_EVENTS) {
		free(feed->events[0]);
		feed->event_count--;
		memmove(&feed->events[0], &feed->events[1],
		        feed->event_count * sizeof(feed->events[0]));
	}
	feed->events[feed->event_count++] = event;
	assert(feed->event_count == 1 || feed->events[feed->event_count - 2]->number + 1 == number);
}

/* Events that were missed may be messages of the other side, too. */
static bool may_ask(const struct followed *feed, int64_t number, const char *json, size_t length)
{
	return json == NULL || number != feed->heard + 1 ||
	       item_wants_receipt(json, length, feed->of_vendor);
}

bool hub_hear(struct followed *feed, int64_t number, const char *json, size_t length)
{
	bool is_news = number > feed->heard;

	assert(number > 0);
	if (is_news && may_ask(feed, number, json, length))
		feed->asks = number;
	if (is_news && json != NULL)
		keep(feed, number, json, length);
	else if (is_news) /* it may rewrite earlier events */
		drop_events(feed);
	if (is_news)
		feed->heard = number;
	if (feed->known)
		feed->last = feed->heard;
	return is_news;
}

void hub_refill(struct followed *feed, int64_t number, const char *json, size_t length)
{
	assert(number <= feed->heard);
	keep(feed, number, json, length);
}

enum hub_view hub_look(const struct followed *feed, int64_t after, unsigned *ret_first)
{
	if (!feed->known)
		return HUB_UNKNOWN;
	if (after == feed->last)
		return HUB_NOTHING;
	if (after > feed->last)
		return HUB_BEYOND;
	if (feed->event_count == 0)
		return HUB_ELSEWHERE;

	int64_t oldest = feed->events[0]->number;
	int64_t newest = feed->events[feed->event_count - 1]->number;

	assert(oldest <= newest && newest <= feed->heard);
	if (after + 1 < oldest || after + 1 > newest)
		return HUB_ELSEWHERE;
	*ret_first = (unsigned)(after + 1 - oldest);
	assert(*ret_first < feed->event_count);
	assert(feed->events[*ret_first]->number == after + 1);
	return HUB_HERE;
}

bool hub_granted(const struct followed *feed, struct uuid session_id, int64_t since_ms)
{
	for (const struct grant *grant = feed->grants; grant != NULL; grant = grant->next)
		if (uuid_equal(grant->session_id, session_id))
			return grant->asked_ms >= since_ms;
	return false;
}

uint32_t hub_role(const struct followed *feed, struct uuid session_id)
{
	for (const struct grant *grant = feed->grants; grant != NULL; grant = grant->next)
		if (uuid_equal(grant->session_id, session_id))
			return grant->role;
	return 0;
}

static struct grant *grant_of(struct followed *feed, struct uuid session_id)
{
	struct grant **link = &feed->grants;
	unsigned count = 0;

	while (*link != NULL) {
		struct grant *grant = *link;

		if (uuid_equal(grant->session_id, session_id))
			return grant;
		count++;
		if (count == LIMIT_GRANTS_OF_OWNER) { /* replaces the oldest */
			*link = NULL;
			free(grant);
			break;
		}
		link = &grant->next;
	}
	return NULL;
}

static bool matches(struct uuid wanted, struct uuid id)
{
	return uuid_is_nil(wanted) || uuid_equal(wanted, id);
}

bool hub_is_revoked(const struct followed *feed, struct uuid account_id, struct uuid session_id,
                    int64_t asked_ms, const struct revocation *revocation)
{
	bool of_this = uuid_is_nil(revocation->vendor_id) ||
	               (feed->of_vendor && uuid_equal(revocation->vendor_id, feed->id));

	return of_this && asked_ms <= revocation->seen_ms &&
	       matches(revocation->account_id, account_id) &&
	       matches(revocation->session_id, session_id);
}

static bool revoked_lately(const struct followed *feed, struct uuid account_id,
                           struct uuid session_id, int64_t asked_ms)
{
	unsigned count = hub.recent_count < RECENT ? hub.recent_count : RECENT;

	if (count == RECENT && asked_ms <= hub.recent[hub.recent_count % RECENT].seen_ms)
		return true; /* older revocations were dropped: query again */
	for (unsigned i = 0; i < count; i++)
		if (hub_is_revoked(feed, account_id, session_id, asked_ms, &hub.recent[i]))
			return true;
	return false;
}

void hub_grant(struct followed *feed, struct uuid session_id, struct uuid account_id, uint32_t role,
               int64_t asked_ms)
{
	struct grant *grant;

	if (revoked_lately(feed, account_id, session_id, asked_ms))
		return;
	grant = grant_of(feed, session_id);
	if (grant == NULL) {
		grant = calloc(1, sizeof(*grant));
		if (grant == NULL)
			return;
		grant->next = feed->grants;
		feed->grants = grant;
	}
	assert(!uuid_is_nil(session_id));
	grant->session_id = session_id;
	grant->account_id = account_id;
	grant->asked_ms = asked_ms;
	grant->role = role;
}

static void remove_grants(struct followed *feed, void *arg)
{
	const struct revocation *revocation = arg;
	struct grant **link = &feed->grants;

	while (*link != NULL) {
		struct grant *grant = *link;

		if (!hub_is_revoked(feed, grant->account_id, grant->session_id, grant->asked_ms,
		                    revocation)) {
			link = &grant->next;
			continue;
		}
		*link = grant->next;
		free(grant);
	}
}

void hub_revoke(const struct revocation *revocation)
{
	struct revocation copy = *revocation;

	hub.recent[hub.recent_count++ % RECENT] = copy;
	hub_each(remove_grants, &copy);
}
