#include "web/ticket.h"

#include <assert.h>
#include <hiredis/hiredis.h>
#include <sodium.h>
#include <string.h>

#include "base/codec.h"
#include "net/loop.h"
#include "store/redis.h"
#include "web/request_context.h"
#include "web/uri.h"

enum { REDIS_MS = 1000 };

/* The value in Redis of a ticket. */
struct kept {
	struct uuid account_id, session_id;
};

_Static_assert(BASE64URL_LENGTH(TICKET_BYTES) == TICKET_LENGTH, "the ticket's length");
_Static_assert(sizeof(struct kept) == 2 * sizeof(struct uuid), "it has no padding");

static struct redisReply *ask_redis(struct request *rq, int argc, const char *const argv[],
                                    const size_t lengths[])
{
	struct redis *redis = web_options()->redis;
	struct redisReply *reply;

	if (redis == NULL || !redis_is_up(redis) ||
	    redis_call(redis, loop_now_ms() + REDIS_MS, &reply, argc, argv, lengths) != 0)
		task_end_with(&rq->task, (struct problem){
		                             .code = PROBLEM_UNAVAILABLE,
		                             .detail = "Tickets are temporarily unavailable.",
		                             .retry_after_s = request_retry_after_s(),
		                         });
	return reply;
}

static const char *key_of(struct request *rq, const char *ticket)
{
	return arena_printf(rq->task.arena, "sebez:ticket:%s", ticket);
}

void ticket_make(struct request *rq, char ret[TICKET_LENGTH + 1])
{
	assert(!uuid_is_nil(rq->task.actor.session_id)); /* it belongs to a session */

	struct kept kept = {rq->task.actor.account_id, rq->task.actor.session_id};
	const char *life = arena_printf(rq->task.arena, "%d", TICKET_LIFE_S);
	uint8_t bytes[TICKET_BYTES];

	randombytes_buf(bytes, sizeof(bytes));
	base64url_encode(bytes, sizeof(bytes), ret);
	const char *key = key_of(rq, ret);
	struct redisReply *reply =
	    ask_redis(rq, 5, (const char *const[]){"SET", key, (const char *)&kept, "EX", life},
	              (const size_t[]){3, strlen(key), sizeof(kept), 2, strlen(life)});
	bool is_kept = reply->type == REDIS_REPLY_STATUS;

	freeReplyObject(reply);
	if (!is_kept)
		task_end(&rq->task, PROBLEM_UNAVAILABLE, "Tickets are temporarily unavailable.");
}

bool ticket_is_given(const struct request *rq)
{
	struct uri_pair pair;

	return uri_find(http_query(rq->http), "ticket", &pair);
}

bool ticket_redeem(struct request *rq, struct token *ret)
{
	uint8_t bytes[TICKET_BYTES];
	struct uri_pair pair;
	struct kept kept;

	if (!uri_find(http_query(rq->http), "ticket", &pair))
		return false;
	const char *text = arena_strndup(rq->task.arena, pair.value, pair.value_length);

	if (!base64url_decode(text, bytes, sizeof(bytes)))
		return false;
	const char *key = key_of(rq, text);
	struct redisReply *reply = ask_redis(rq, 2, (const char *const[]){"GETDEL", key},
	                                     (const size_t[]){6, strlen(key)});
	bool is_good = reply->type == REDIS_REPLY_STRING && reply->len == sizeof(kept);

	if (is_good) {
		memcpy(&kept, reply->str, sizeof(kept));
		*ret = (struct token){.kind = TOKEN_ACCOUNT,
		                      .account_id = kept.account_id,
		                      .session_id = kept.session_id};
	}
	freeReplyObject(reply);
	return is_good;
}
