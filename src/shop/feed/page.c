#include "shop/feed/page.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "api.gen.h"
#include "shop/feed/cursor.h"
#include "shop/feed/item.h"

enum { FRAME_ROOM = 192, SEPARATOR_ROOM = 64 }; /* bytes around a page, and per item */

bool event_page_add(struct event_page *page, struct event_item item)
{
	if (page->count == LIMIT_PAGE ||
	    (page->count > 0 && page->bytes + item.length > LIMIT_EVENT_PAGE_BYTES))
		return false;
	assert(item.number > page->last && item.length > 0); /* positions only grow */
	page->items[page->count++] = item;
	page->bytes += item.length;
	page->last = item.number;
	return true;
}

size_t event_page_room(const struct event_page *page)
{
	size_t room = FRAME_ROOM + page->passing_length;

	for (size_t i = 0; i < page->count; i++)
		room += SEPARATOR_ROOM + page->items[i].length;
	return room;
}

static char *put(char *at, const char *bytes, size_t count)
{
	memcpy(at, bytes, count);
	return at + count;
}

static char *put_text(char *at, const char *text)
{
	return put(at, text, strlen(text));
}

static const char PAYLOAD[] = ",\"payload\":";

static char *put_item(char *at, const struct event_item *item, uint32_t role)
{
	size_t length;
	const char *kind, *rest;

	if (item_is_received(item->json, item->length, role))
		return put(at, item->json, item->length);
	kind = item_kind(item->json, item->length, &length);
	rest = strstr(kind, PAYLOAD); /* cannot be within a string: quotes are escaped */
	assert(rest != NULL);
	at = put(at, item->json, (size_t)(kind - item->json));
	at = put_text(at, EVENT_KIND_NAMES[EVENT_WITHHELD]);
	at = put(at, kind + length, (size_t)(rest - kind) - length);
	return put_text(at, ",\"payload\":{}}");
}

size_t event_page_write(const struct event_page *page, int64_t epoch, struct uuid owner,
                        int next_poll_ms, char *ret)
{
	char *at = put_text(ret, "{\"items\":[");

	for (size_t i = 0; i < page->count; i++) {
		if (i > 0)
			*at++ = ',';
		at = put_item(at, &page->items[i], page->role);
	}
	at = put_text(at, "],\"cursor\":\"");
	cursor_encode((struct cursor){epoch, page->last}, owner, at);
	at += CURSOR_LENGTH;
	at += sprintf(at, "\",\"resync\":%s,\"next_poll_ms\":%d,\"passing\":[",
	              page->resync ? "true" : "false", next_poll_ms);
	if (page->passing != NULL)
		at = put(at, page->passing, page->passing_length);
	at = put_text(at, "]}");
	assert((size_t)(at - ret) <= event_page_room(page));
	return (size_t)(at - ret);
}

static char *put_id(char *at, int64_t epoch, int64_t number, struct uuid owner)
{
	at = put_text(at, "id: ");
	cursor_encode((struct cursor){epoch, number}, owner, at);
	at += CURSOR_LENGTH;
	*at++ = '\n';
	return at;
}

size_t event_page_write_stream(const struct event_page *page, int64_t epoch, struct uuid owner,
                               char *ret)
{
	char *at = ret;

	if (page->resync) {
		at = put_id(at, epoch, page->last, owner);
		at = put_text(at, "event: resync\ndata: {}\n\n");
	}
	for (size_t i = 0; i < page->count; i++) {
		at = put_id(at, epoch, page->items[i].number, owner);
		at = put_text(at, "data: ");
		at = put_item(at, &page->items[i], page->role);
		at = put_text(at, "\n\n");
	}
	assert((size_t)(at - ret) <= event_page_room(page));
	return (size_t)(at - ret);
}

/* Without an id: the client's position does not change. */
size_t event_passing_write_stream(const struct event_page *page, char *ret)
{
	char *at = put_text(ret, "event: passing\ndata: ");

	assert(page->passing != NULL && page->count == 0);
	at = put(at, page->passing, page->passing_length);
	at = put_text(at, "\n\n");
	assert((size_t)(at - ret) <= event_page_room(page));
	return (size_t)(at - ret);
}
