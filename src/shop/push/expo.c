/* Expo: https://docs.expo.dev/push-notifications/sending-notifications/ */
#include <assert.h>
#include <errno.h>
#include <string.h>

#include "base/buf.h"
#include "shop/push/internal.h"

enum {
	RATE_DELAY_MS = 60 * 1000,
	ADDRESS_LENGTH_MAX = 200,
	RECEIPT_LENGTH_MAX = 64,
};

/* details.error of tickets and receipts. */
static const struct push_rule ERRORS[] = {
    {"DeviceNotRegistered", PUSH_ADDRESS_GONE, 0},
    {"MessageTooBig", PUSH_DROPPED, 0},
    {"MessageRateExceeded", PUSH_RETRY, RATE_DELAY_MS}, /* to one device */
    {"MismatchSenderId", PUSH_FOREIGN, 0},
    {"InvalidCredentials", PUSH_FOREIGN, 0}, /* of the app's project at Expo */
    {"InvalidProviderToken", PUSH_FOREIGN, 0},
    {"DeveloperError", PUSH_DROPPED, 0},
    {"ExpoError", PUSH_PROVIDER_FAILED, 0},
    {"ProviderError", PUSH_PROVIDER_FAILED, 0},
    {0},
};

/* errors[].code of a request that failed as a whole. */
static const struct push_rule REQUEST_ERRORS[] = {
    {"TOO_MANY_REQUESTS", PUSH_RETRY, RATE_DELAY_MS},
    {"PUSH_TOO_MANY_EXPERIENCE_IDS", PUSH_FOREIGN, 0}, /* devices of several projects */
    {"PUSH_TOO_MANY_NOTIFICATIONS", PUSH_DROPPED, 0},
    {"PUSH_TOO_MANY_RECEIPTS", PUSH_DROPPED, 0},
    {"VALIDATION_ERROR", PUSH_DROPPED, 0},
    {"UNAUTHORIZED", PUSH_FOREIGN, 0}, /* our access token, or a project that is not ours */
    {"FORBIDDEN", PUSH_FOREIGN, 0},
    {"INTERNAL_SERVER_ERROR", PUSH_PROVIDER_FAILED, 0},
    {"SERVICE_UNAVAILABLE", PUSH_PROVIDER_FAILED, 0},
    {0},
};

/* Requests. */

/* ExponentPushToken[…] or ExpoPushToken[…], with a word in base64url. */
bool expo_is_address(const char *address)
{
	static const char *const BEGINNINGS[] = {"ExponentPushToken[", "ExpoPushToken["};

	for (size_t i = 0; i < 2; i++) {
		size_t length = strlen(BEGINNINGS[i]);

		if (strncmp(address, BEGINNINGS[i], length) != 0)
			continue;
		const char *word = address + length;
		size_t word_length = strspn(
		    word, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_");

		return word_length > 0 && strcmp(word + word_length, "]") == 0 &&
		       length + word_length < ADDRESS_LENGTH_MAX;
	}
	return false;
}

static void write_texts(struct json *json, const struct push *push)
{
	if (push->title != NULL)
		json_put_str(json, "title", push->title);
	if (push->body != NULL)
		json_put_str(json, "body", push->body);
	if (push_is_silent(push)) {
		json_key(json, "_contentAvailable");
		json_bool(json, true);
	} else if (push->lane == PUSH_PROMOTIONS) {
		json_put_str(json, "interruptionLevel", "passive");
	} else {
		json_put_str(json, "sound", "default");
	}
}

static void write_message(struct json *json, const struct push *push, const void *arg)
{
	json_open_object(json);
	json_put_str(json, "to", push->device.address);
	write_texts(json, push);
	json_put_str(json, "priority", push_urgency(push) == PUSH_HIGH ? "high" : "normal");
	json_put_int(json, "ttl", push_ttl_s(push, *(const int64_t *)arg, FCM_TTL_S_MAX));
	if (push->device.platform == PUSH_ANDROID)
		json_put_str(json, "channelId", PUSH_LANE_NAMES[push->lane]);
	if (push->badge >= 0)
		json_put_int(json, "badge", push->badge);
	json_key(json, "data");
	json_open_object(json);
	push_write_data(json, push, false);
	if (push->group != NULL) /* Expo itself replaces no message by another */
		json_put_str(json, "group", push->group);
	json_close_object(json);
	json_close_object(json);
}

static struct push_request request_to(struct arena *arena, const struct expo_server *server,
                                      const char *path, const struct buf *body)
{
	struct push_request request = {
	    .url = arena_printf(arena, "%s/--/api/v2/push/%s", server->origin, path),
	    .body = body->data,
	    .body_length = body->length,
	};

	push_add_header(&request, "Content-Type", "application/json");
	push_add_header(&request, "Accept", "application/json");
	if (server->access_token != NULL)
		push_add_header(&request, "Authorization",
		                arena_printf(arena, "Bearer %s", server->access_token));
	return request;
}

int expo_build(struct arena *arena, const struct expo_server *server, const struct push pushes[],
               size_t count, int64_t now_s, struct push_request *ret, size_t *ret_failed)
{
	struct buf body = buf_new(arena, 4096), message;
	int rc;

	assert(count > 0 && count <= EXPO_BATCH);
	for (size_t i = 0; i < count; i++) {
		*ret_failed = i;
		if (!expo_is_address(pushes[i].device.address))
			return -EINVAL;
		rc =
		    push_write(arena, &pushes[i], PUSH_BODY_BYTES, write_message, &now_s, &message);
		if (rc < 0)
			return rc;
		buf_add_char(&body, i == 0 ? '[' : ',');
		buf_add(&body, message.data, message.length);
	}
	buf_add_char(&body, ']');
	*ret = request_to(arena, server, "send", &body);
	return 0;
}

int expo_build_receipts(struct arena *arena, const struct expo_server *server,
                        const char *const receipts[], size_t count, struct push_request *ret)
{
	struct buf body = buf_new(arena, 64 * count + 32);
	struct json json = json_new(&body);

	assert(count > 0 && count <= EXPO_RECEIPTS);
	json_open_object(&json);
	json_key(&json, "ids");
	json_open_array(&json);
	for (size_t i = 0; i < count; i++)
		json_str(&json, receipts[i]);
	json_close_array(&json);
	json_close_object(&json);
	*ret = request_to(arena, server, "getReceipts", &body);
	return 0;
}

/* Answers. */

/* A ticket or a receipt: {"status": "ok"} or {"status": "error", "details": {"error": …}}. */
static struct push_verdict verdict_of(struct arena *arena, const json_t *item, int64_t now_s)
{
	static const struct http_client_response REFUSED = {.status = 400, .body = "", .heads = ""};
	const char *status = json_string_value(json_object_get(item, "status"));

	if (status != NULL && strcmp(status, "ok") == 0)
		return (struct push_verdict){.outcome = PUSH_SENT, .reason = "ok"};
	if (status == NULL || strcmp(status, "error") != 0)
		return (struct push_verdict){.outcome = PUSH_PROVIDER_FAILED,
		                             .reason = "no status"};
	return push_verdict_of(
	    arena, ERRORS,
	    push_json_code(arena, json_object_get(json_object_get(item, "details"), "error")),
	    &REFUSED, now_s);
}

/* Receipts are asked for with their ids, so an id must be a plain word. */
static const char *receipt_of(struct arena *arena, const json_t *ticket)
{
	const char *id = json_string_value(json_object_get(ticket, "id"));
	size_t length = id == NULL ? 0 : strlen(id);

	if (length == 0 || length > RECEIPT_LENGTH_MAX ||
	    strspn(id, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-") != length)
		return NULL;
	return arena_strdup(arena, id);
}

/* The verdict of a whole request that has no answer of the form that it should have. */
static struct push_verdict verdict_of_all(struct arena *arena, const json_t *answer,
                                          const struct http_client_response *response,
                                          int64_t now_s)
{
	const json_t *error = json_array_get(json_object_get(answer, "errors"), 0);
	const char *code = push_json_code(arena, json_object_get(error, "code"));
	struct push_verdict verdict = push_verdict_of(arena, REQUEST_ERRORS, code, response, now_s);

	/* 200 without a ticket: it may have been sent, or not. */
	if (verdict.outcome == PUSH_SENT)
		verdict =
		    (struct push_verdict){.outcome = PUSH_PROVIDER_FAILED, .reason = "no tickets"};
	return verdict;
}

bool expo_judge(struct arena *arena, const struct http_client_response *response, size_t count,
                int64_t now_s, struct push_verdict ret[])
{
	const json_t *answer = push_json(arena, response);
	const json_t *tickets = json_object_get(answer, "data");
	bool complete = response->status == 200 && json_array_size(tickets) == count;
	struct push_verdict all = {0};

	if (!complete)
		all = verdict_of_all(arena, answer, response, now_s);
	for (size_t i = 0; i < count; i++) {
		ret[i] = all;
		if (!complete)
			continue;
		ret[i] = verdict_of(arena, json_array_get(tickets, i), now_s);
		if (ret[i].outcome == PUSH_SENT)
			ret[i].receipt = receipt_of(arena, json_array_get(tickets, i));
	}
	return complete;
}

bool expo_judge_receipts(struct arena *arena, const struct http_client_response *response,
                         const char *const receipts[], size_t count, int64_t now_s,
                         struct push_verdict ret[])
{
	const json_t *answer = push_json(arena, response);
	const json_t *data = json_object_get(answer, "data");
	bool complete = response->status == 200 && json_is_object(data);
	struct push_verdict all = {0};

	if (!complete)
		all = verdict_of_all(arena, answer, response, now_s);
	for (size_t i = 0; i < count; i++) {
		const json_t *receipt = complete ? json_object_get(data, receipts[i]) : NULL;

		if (!complete)
			ret[i] = all;
		else if (receipt == NULL)
			ret[i] = (struct push_verdict){.outcome = PUSH_RETRY, .reason = "unknown"};
		else
			ret[i] = verdict_of(arena, receipt, now_s);
	}
	return complete;
}
