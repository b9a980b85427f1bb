/*
 * redis_internal: what the files of store/ share about Redis.
 *
 * redis.c        commands and their replies
 * redis_conn.c   a connection's life
 * redis_url.c    where it leads
 * redis_watch.c  hiredis on our loop
 */
#ifndef SEBEZ_STORE_REDIS_INTERNAL_H
#define SEBEZ_STORE_REDIS_INTERNAL_H

#include <hiredis/async.h>
#include <uv.h>

#include "net/resolve.h"
#include "store/outage.h"
#include "store/redis.h"

struct redis_url {
	char *path; /* of a unix socket, or NULL */
	char *host; /* else; without the brackets of an IPv6 address */
	int port;
	char *user;     /* or NULL */
	char *password; /* or NULL; user and password are decoded */
};

struct redis {
	struct redis_url url;
	char address[RESOLVE_ADDRESS_MAX]; /* of url.host at the last lookup; "" before */
	struct resolve *resolve;           /* in progress, or NULL */
	redisAsyncContext *context;        /* NULL while there is no connection */
	bool up;                           /* it has answered */
	bool refused;                      /* being closed, for a reason that was reported */
	bool closing;
	unsigned failures;
	unsigned pending; /* commands without a reply */
	int64_t heard_ms; /* last sign of life, or when one was first expected */
	struct outage outage;
	const struct redis_listener *listener; /* NULL unless it is a listener */
	uv_timer_t timer;                      /* the next attempt, or the timeout of this one */
};

/* Not within a callback of hiredis, which would free the context only after it. Reason NULL: it was
 * reported already. */
void redis_give_up(struct redis *redis, const char *reason);
/* Replies of this connection may outlive their callback. */
void redis_take_replies(redisAsyncContext *context);

/* -EINVAL for what cannot be used as a whole. */
int redis_url_parse(const char *text, struct redis_url *ret) __attribute__((warn_unused_result));
void redis_url_free(struct redis_url *url);

/* hiredis waits for its socket in our loop from here on. -errno. */
int redis_watch(redisAsyncContext *context) __attribute__((warn_unused_result));

#endif
