/* APNs: https://developer.apple.com/documentation/usernotifications
 * /sending-notification-requests-to-apns */
#include <assert.h>
#include <errno.h>
#include <string.h>

#include "base/buf.h"
#include "shop/push/internal.h"

enum {
	ADDRESS_LENGTH_MAX = 512, /* Apple promises no length; today's have 64 to 160 digits */
	SERVER_DELAY_MS = 15 * 60 * 1000, /* Apple's rule after a 5xx */
	RATE_DELAY_MS = 60 * 1000,        /* too many to one device */
	TOKEN_DELAY_MS = 20 * 60 * 1000,  /* how long a provider token must be used */
};

/* Every reason of Apple's table. What is wrong with a request of ours is wrong with each of its
 * attempts; what is wrong with keys and topics says nothing about an address. */
static const struct push_rule REASONS[] = {
    /* 400 */
    {"BadCollapseId", PUSH_DROPPED, 0},
    {"BadDeviceToken", PUSH_WRONG_ENVIRONMENT, 0},
    {"BadExpirationDate", PUSH_DROPPED, 0},
    {"BadMessageId", PUSH_DROPPED, 0},
    {"BadPriority", PUSH_DROPPED, 0},
    {"BadTopic", PUSH_ALARM, 0},
    {"DeviceTokenNotForTopic", PUSH_FOREIGN, 0},
    {"DuplicateHeaders", PUSH_DROPPED, 0},
    {"IdleTimeout", PUSH_RETRY, 0},
    {"InvalidPushType", PUSH_DROPPED, 0},
    {"MissingDeviceToken", PUSH_DROPPED, 0},
    {"MissingTopic", PUSH_ALARM, 0},
    {"PayloadEmpty", PUSH_DROPPED, 0},
    {"TopicDisallowed", PUSH_ALARM, 0},
    /* 403 */
    {"BadCertificate", PUSH_ALARM, 0},
    {"BadCertificateEnvironment", PUSH_FOREIGN, 0}, /* an app says in which one it is */
    {"BadEnvironmentKeyIdInToken", PUSH_FOREIGN, 0},
    {"ExpiredProviderToken", PUSH_TOKEN_REFUSED, 0},
    {"Forbidden", PUSH_ALARM, 0},
    {"InvalidProviderToken", PUSH_ALARM, 0},
    {"MissingProviderToken", PUSH_ALARM, 0},
    {"UnrelatedKeyIdInToken", PUSH_ALARM, 0},
    /* 404, 405 */
    {"BadPath", PUSH_DROPPED, 0},
    {"MethodNotAllowed", PUSH_DROPPED, 0},
    /* 410 */
    {"ExpiredToken", PUSH_ADDRESS_GONE, 0},
    {"Unregistered", PUSH_ADDRESS_GONE, 0},
    /* 413 */
    {"PayloadTooLarge", PUSH_DROPPED, 0},
    /* 429 */
    {"TooManyProviderTokenUpdates", PUSH_PROVIDER_FAILED, TOKEN_DELAY_MS},
    {"TooManyRequests", PUSH_RETRY, RATE_DELAY_MS},
    /* 500, 503 */
    {"InternalServerError", PUSH_PROVIDER_FAILED, SERVER_DELAY_MS},
    {"ServiceUnavailable", PUSH_PROVIDER_FAILED, SERVER_DELAY_MS},
    {"Shutdown", PUSH_PROVIDER_FAILED, SERVER_DELAY_MS},
    {0},
};

/* Requests. */

bool apns_is_address(const char *address)
{
	size_t length = strlen(address);

	return length > 0 && length <= ADDRESS_LENGTH_MAX &&
	       strspn(address, "0123456789abcdefABCDEF") == length;
}

static void write_alert(struct json *json, const struct push *push)
{
	json_key(json, "alert");
	json_open_object(json);
	if (push->title != NULL)
		json_put_str(json, "title", push->title);
	if (push->body != NULL)
		json_put_str(json, "body", push->body);
	json_close_object(json);
}

static void write_message(struct json *json, const struct push *push, const void *arg)
{
	(void)arg;
	json_open_object(json);
	json_key(json, "aps");
	json_open_object(json);
	if (push_is_silent(push))
		json_put_int(json, "content-available", 1);
	else
		write_alert(json, push);
	if (push->badge >= 0)
		json_put_int(json, "badge", push->badge);
	if (!push_is_silent(push) && push->lane == PUSH_PROMOTIONS)
		json_put_str(json, "interruption-level", "passive");
	else if (!push_is_silent(push))
		json_put_str(json, "sound", "default");
	if (push->group != NULL)
		json_put_str(json, "thread-id", push->group);
	json_close_object(json);
	push_write_data(json, push, false);
	json_close_object(json);
}

static void write_activity(struct json *json, const struct push *push,
                           const struct apns_activity *activity, int64_t now_s)
{
	static const char *const EVENTS[] = {
	    [APNS_ACTIVITY_START] = "start",
	    [APNS_ACTIVITY_UPDATE] = "update",
	    [APNS_ACTIVITY_END] = "end",
	};

	json_put_int(json, "timestamp", now_s); /* of two, the later one holds */
	json_put_str(json, "event", EVENTS[activity->event]);
	json_key(json, "content-state");
	json_raw(json, activity->state, strlen(activity->state));
	if (activity->event == APNS_ACTIVITY_START) {
		json_put_str(json, "attributes-type", activity->attributes_type);
		json_key(json, "attributes");
		json_raw(json, activity->attributes, strlen(activity->attributes));
		/* iOS 18 makes a token for updates only when it is asked for one. */
		json_put_int(json, "input-push-token", 1);
	}
	if (activity->stale_s != 0)
		json_put_int(json, "stale-date", activity->stale_s);
	if (activity->event == APNS_ACTIVITY_END && activity->dismissal_s != 0)
		json_put_int(json, "dismissal-date", activity->dismissal_s);
	if (!push_is_silent(push))
		write_alert(json, push);
}

struct activity_writing {
	const struct apns_activity *activity;
	int64_t now_s;
};

static void write_activity_message(struct json *json, const struct push *push, const void *arg)
{
	const struct activity_writing *writing = arg;

	json_open_object(json);
	json_key(json, "aps");
	json_open_object(json);
	write_activity(json, push, writing->activity, writing->now_s);
	json_close_object(json);
	json_close_object(json);
}

/* What all of them have. The order is that in which APNs wants them compressed: Authorization
 * changes and is not worth a place in the table. */
static struct push_request request_to(struct arena *arena, const struct apns_server *server,
                                      const struct push *push, const struct buf *body)
{
	struct push_request request = {
	    .url = arena_printf(arena, "%s/3/device/%s", server->origin, push->device.address),
	    .body = body->data,
	    .body_length = body->length,
	};
	char *id = arena_alloc(arena, UUID_TEXT_LENGTH + 1);

	uuid_format(push->id, id);
	push_add_header(&request, "authorization",
	                arena_printf(arena, "bearer %s", server->provider_token));
	push_add_header(&request, "apns-id", id);
	push_add_header(&request, "apns-expiration",
	                arena_printf(arena, "%lld", (long long)push->expires_s));
	push_add_header(&request, "content-type", "application/json");
	return request;
}

int apns_build(struct arena *arena, const struct apns_server *server, const struct push *push,
               int64_t now_s, struct push_request *ret)
{
	struct buf body;
	int rc;

	(void)now_s;
	if (!apns_is_address(push->device.address))
		return -EINVAL;
	rc = push_write(arena, push, PUSH_BODY_BYTES, write_message, NULL, &body);
	if (rc < 0)
		return rc;
	*ret = request_to(arena, server, push, &body);
	push_add_header(ret, "apns-topic", server->topic);
	push_add_header(ret, "apns-push-type", push_is_silent(push) ? "background" : "alert");
	push_add_header(ret, "apns-priority", push_urgency(push) == PUSH_HIGH ? "10" : "5");
	if (push->group != NULL)
		push_add_header(ret, "apns-collapse-id",
		                push_group(arena, push->group, APNS_COLLAPSE_ID_BYTES));
	return 0;
}

int apns_build_activity(struct arena *arena, const struct apns_server *server,
                        const struct push *push, const struct apns_activity *activity,
                        int64_t now_s, struct push_request *ret)
{
	const struct activity_writing writing = {activity, now_s};
	bool starts = activity->event == APNS_ACTIVITY_START;
	struct buf body;
	int rc;

	assert(!starts || (activity->attributes_type != NULL && activity->attributes != NULL));
	assert(!starts || !push_is_silent(push));
	if (!apns_is_address(push->device.address))
		return -EINVAL;
	rc = push_write(arena, push, PUSH_BODY_BYTES, write_activity_message, &writing, &body);
	if (rc < 0)
		return rc;
	*ret = request_to(arena, server, push, &body);
	push_add_header(ret, "apns-topic",
	                arena_printf(arena, "%s.push-type.liveactivity", server->topic));
	push_add_header(ret, "apns-push-type", "liveactivity");
	/* iOS counts those of priority 10 against a budget of the app. */
	push_add_header(ret, "apns-priority",
	                push_is_silent(push) && !activity->moves ? "5" : "10");
	return 0;
}

/* Answers. */

struct push_verdict apns_judge(struct arena *arena, const struct http_client_response *response,
                               int64_t now_s)
{
	const json_t *answer = push_succeeded(response) ? NULL : push_json(arena, response);
	const char *reason = push_json_code(arena, json_object_get(answer, "reason"));
	struct push_verdict verdict = push_verdict_of(arena, REASONS, reason, response, now_s);

	if (response->status == 410) {
		verdict.outcome = PUSH_ADDRESS_GONE;
		verdict.delay_ms = 0;
	}
	if (verdict.outcome == PUSH_ADDRESS_GONE)
		verdict.gone_since_ms = json_integer_value(json_object_get(answer, "timestamp"));
	if (verdict.gone_since_ms < 0)
		verdict.gone_since_ms = 0;
	if (response->status >= 500 && verdict.delay_ms < SERVER_DELAY_MS &&
	    (verdict.outcome == PUSH_RETRY || verdict.outcome == PUSH_PROVIDER_FAILED))
		verdict.delay_ms = SERVER_DELAY_MS;
	return verdict;
}

const char *apns_token(struct arena *arena, const struct jwt_key *key, const char *key_id,
                       const char *team, int64_t now_s)
{
	struct buf claims = buf_new(arena, 128);
	struct json json = json_new(&claims);

	json_open_object(&json);
	json_put_str(&json, "iss", team);
	json_put_int(&json, "iat", now_s);
	json_close_object(&json);
	return jwt_sign(arena, key, key_id, claims.data);
}
