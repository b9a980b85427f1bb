/*
 * dev_page: pages below /dev/ for who tries a shop: what a demo would have sent to people, and the
 * sandbox. HTML for browsers, JSON for programs. One head, layout and policy for all of them.
 */
#ifndef SEBEZ_WEB_DEV_PAGE_H
#define SEBEZ_WEB_DEV_PAGE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

struct redis;
struct request;

/* A page with its head, heading and first paragraph, which is HTML. */
struct buf dev_page_new(struct request *rq, const char *title, const char *lead);
/* A time in RFC 3339, to the second. */
void dev_page_time(struct buf *page, const char *time);
/* Whether a browser asks. */
bool dev_page_is_asked(struct request *rq);
/* policy: NULL for that of these pages. */
void dev_page_reply(struct request *rq, const struct buf *page, const char *policy);

/* The newest LIMIT_SHOWN things of a kind, kept in Redis for all processes. */
struct dev_list {
	const char *key;            /* of Redis */
	const char *name;           /* member of the JSON that has them */
	const char *title, *lead;   /* of the page; lead is HTML */
	const char *absent;         /* a sentence for a server that shows none */
	const char *heading, *text; /* members of each; heading may be NULL */
	const char *const *below;   /* further ones, before created_at; ends with NULL */
};

/* Adds JSON objects. Suspends the fiber. 0 or -errno of redis_call(). */
int dev_list_add(struct arena *arena, struct redis *redis, const struct dev_list *list,
                 const char *const items[], size_t count);
/* Answers with them; redis: NULL when this server shows none. */
void dev_list_reply(struct request *rq, struct redis *redis, const struct dev_list *list);

#endif
