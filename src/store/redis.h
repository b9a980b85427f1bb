/*
 * redis: Redis or Valkey over hiredis' asynchronous interface, on our loop. It holds only data that
 * may be lost: counters, hot windows, wake-ups. Every call has a deadline, and every caller handles
 * an unavailable Redis.
 */
#ifndef SEBEZ_STORE_REDIS_H
#define SEBEZ_STORE_REDIS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct redis;
struct redisReply;

/* url: unix:/path/to/socket, or redis://[[user]:password@]host[:port], where the host may be an
 * [IPv6] address and user and password may be %-encoded. Connects in the background and again with
 * back-off whenever the connection is lost; it is up once the server has answered. -EINVAL for a
 * url that cannot be used. */
int redis_open(const char *url, struct redis **ret) __attribute__((warn_unused_result));
void redis_close(struct redis *redis);
bool redis_is_up(const struct redis *redis);

/*
 * redis_call: sends one command and suspends the fiber until its reply.
 * Returns 0 and the reply (free it with freeReplyObject; may be a REDIS_REPLY_ERROR),
 * -EHOSTDOWN when not up or behind by LIMIT_REDIS_PENDING commands, -ETIMEDOUT at the deadline (the
 * late reply is dropped).
 */
int redis_call(struct redis *redis, int64_t deadline_ms, struct redisReply **ret, int argc,
               const char *const argv[], const size_t lengths[])
    __attribute__((warn_unused_result));

/* Sends a command and ignores its reply. Lost silently when Redis is down, or its queue is full. */
void redis_send(struct redis *redis, int argc, const char *const argv[], const size_t lengths[]);

/*
 * redis_subscribe: a connection of its own that listens on channels, and again whenever it had to
 * connect anew; what was published meanwhile is lost. The listener is not copied. The only other
 * calls for it are redis_is_up and redis_close.
 *
 * Plain channels: hiredis up to 1.2 takes the messages of SSUBSCRIBE for replies to nothing.
 */
struct redis_listener {
	size_t channel_count;
	const char *const *channels;
	void (*message)(void *arg, const char *bytes, size_t length);
	void *arg;
};
int redis_subscribe(const char *url, const struct redis_listener *listener, struct redis **ret)
    __attribute__((warn_unused_result));

/* Whether redis_open accepts it. */
bool redis_url_is_good(const char *url);

#endif
