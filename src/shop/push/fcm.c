/* FCM HTTP v1: https://firebase.google.com/docs/reference/fcm/rest/v1/projects.messages */
#include <assert.h>
#include <errno.h>
#include <string.h>

#include "base/buf.h"
#include "shop/push/internal.h"

#define SCOPE "https://www.googleapis.com/auth/firebase.messaging"
#define GRANT "urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer"
#define ERROR_TYPE "type.googleapis.com/google.firebase.fcm.v1.FcmError"
#define REQUEST_TYPE "type.googleapis.com/google.rpc.BadRequest"

enum {
	RETRY_MS = 10 * 1000, /* Google asks for no sooner retry */
	QUOTA_MS = 60 * 1000, /* quotas are counted by the minute */
	TOKEN_S = 3600,
	TOKEN_LENGTH_MAX = 4096,
};

static const struct push_rule ERRORS[] = {
    {"UNREGISTERED", PUSH_ADDRESS_GONE, 0},
    {"INVALID_ARGUMENT", PUSH_DROPPED, 0},   /* but see is_of_address() */
    {"SENDER_ID_MISMATCH", PUSH_FOREIGN, 0}, /* the app is of another project than ours */
    {"QUOTA_EXCEEDED", PUSH_RETRY, QUOTA_MS},
    {"UNAVAILABLE", PUSH_PROVIDER_FAILED, RETRY_MS},
    {"INTERNAL", PUSH_PROVIDER_FAILED, RETRY_MS},
    {"THIRD_PARTY_AUTH_ERROR", PUSH_ALARM, 0}, /* the key for APNs or Web Push in Firebase */
    {0},
};

/* Errors of Google's that are not FCM's: error.status of any of its services. */
static const struct push_rule STATUSES[] = {
    {"UNAUTHENTICATED", PUSH_TOKEN_REFUSED, 0},
    {"PERMISSION_DENIED", PUSH_ALARM, 0},
    {"NOT_FOUND", PUSH_ALARM, 0}, /* the project: an address is UNREGISTERED */
    {"INVALID_ARGUMENT", PUSH_DROPPED, 0},
    {"FAILED_PRECONDITION", PUSH_ALARM, 0},
    {"RESOURCE_EXHAUSTED", PUSH_RETRY, QUOTA_MS},
    {"UNAVAILABLE", PUSH_PROVIDER_FAILED, RETRY_MS},
    {"INTERNAL", PUSH_PROVIDER_FAILED, RETRY_MS},
    {"DEADLINE_EXCEEDED", PUSH_PROVIDER_FAILED, RETRY_MS},
    {"ABORTED", PUSH_RETRY, RETRY_MS},
    {0},
};

/* Messages. */

struct writing {
	struct arena *arena;
	bool only_validate;
	int64_t now_s;
};

static bool is_urgent(const struct push *push)
{
	return push_urgency(push) == PUSH_HIGH;
}

/* Values must be texts. */
static void write_data(struct json *json, const struct push *push)
{
	json_key(json, "data");
	json_open_object(json);
	push_write_data(json, push, true);
	if (push->device.shows_itself) {
		if (push->title != NULL)
			json_put_str(json, "title", push->title);
		if (push->body != NULL)
			json_put_str(json, "body", push->body);
	}
	if (push->device.shows_itself && push->group != NULL)
		json_put_str(json, "group", push->group);
	if (push->badge >= 0) {
		char number[16];

		snprintf(number, sizeof(number), "%d", (int)push->badge);
		json_put_str(json, "badge", number);
	}
	json_close_object(json);
}

static void write_texts(struct json *json, const struct push *push)
{
	if (push->title != NULL)
		json_put_str(json, "title", push->title);
	if (push->body != NULL)
		json_put_str(json, "body", push->body);
}

/* Without collapse_key: FCM keeps four of them for a device, and one for a phone that is offline
 * would cost it the other conversations. The tag replaces on the phone itself. */
static void write_android(struct json *json, const struct push *push, const struct writing *writing)
{
	bool shows = !push_is_silent(push) && !push->device.shows_itself;

	json_key(json, "android");
	json_open_object(json);
	json_put_str(json, "priority", is_urgent(push) ? "HIGH" : "NORMAL");
	json_put_str(json, "ttl",
	             arena_printf(writing->arena, "%llds",
	                          (long long)push_ttl_s(push, writing->now_s, FCM_TTL_S_MAX)));
	if (shows) {
		json_key(json, "notification");
		json_open_object(json);
		json_put_str(json, "channel_id", PUSH_LANE_NAMES[push->lane]);
		if (push->group != NULL)
			json_put_str(json, "tag", push->group);
		if (push->badge >= 0)
			json_put_int(json, "notification_count", push->badge);
		json_close_object(json);
	}
	json_close_object(json);
}

static void write_ios_headers(struct json *json, const struct push *push,
                              const struct writing *writing)
{
	json_key(json, "headers");
	json_open_object(json);
	json_put_str(json, "apns-push-type", push_is_silent(push) ? "background" : "alert");
	json_put_str(json, "apns-priority", is_urgent(push) ? "10" : "5");
	json_put_str(json, "apns-expiration",
	             arena_printf(writing->arena, "%lld", (long long)push->expires_s));
	if (push->group != NULL)
		json_put_str(json, "apns-collapse-id",
		             push_group(writing->arena, push->group, APNS_COLLAPSE_ID_BYTES));
	json_close_object(json);
}

static void write_ios(struct json *json, const struct push *push, const struct writing *writing)
{
	json_key(json, "apns");
	json_open_object(json);
	write_ios_headers(json, push, writing);
	json_key(json, "payload");
	json_open_object(json);
	json_key(json, "aps");
	json_open_object(json);
	if (push_is_silent(push))
		json_put_int(json, "content-available", 1);
	else if (push->lane != PUSH_PROMOTIONS)
		json_put_str(json, "sound", "default");
	if (push->badge >= 0)
		json_put_int(json, "badge", push->badge);
	if (push->group != NULL)
		json_put_str(json, "thread-id", push->group);
	json_close_object(json);
	json_close_object(json);
	json_close_object(json);
}

static void write_browser(struct json *json, const struct push *push, const struct writing *writing)
{
	json_key(json, "webpush");
	json_open_object(json);
	json_key(json, "headers");
	json_open_object(json);
	json_put_str(json, "TTL",
	             arena_printf(writing->arena, "%lld",
	                          (long long)push_ttl_s(push, writing->now_s, FCM_TTL_S_MAX)));
	json_put_str(json, "Urgency", WEB_PUSH_URGENCIES[push_urgency(push)]);
	json_close_object(json);
	if (push->group != NULL && !push_is_silent(push)) {
		json_key(json, "notification");
		json_open_object(json);
		json_put_str(json, "tag", push->group);
		json_close_object(json);
	}
	json_close_object(json);
}

static void write_message(struct json *json, const struct push *push, const void *arg)
{
	const struct writing *writing = arg;

	json_open_object(json);
	json_key(json, "message");
	json_open_object(json);
	json_put_str(json, push->device.address_is_fid ? "fid" : "token", push->device.address);
	write_data(json, push);
	if (!push_is_silent(push) && !push->device.shows_itself) {
		json_key(json, "notification");
		json_open_object(json);
		write_texts(json, push);
		json_close_object(json);
	}
	if (push->device.platform == PUSH_ANDROID)
		write_android(json, push, writing);
	else if (push->device.platform == PUSH_IOS)
		write_ios(json, push, writing);
	else
		write_browser(json, push, writing);
	json_close_object(json);
	if (writing->only_validate) {
		json_key(json, "validate_only");
		json_bool(json, true);
	}
	json_close_object(json);
}

int fcm_build(struct arena *arena, const struct fcm_server *server, const struct push *push,
              int64_t now_s, struct push_request *ret)
{
	const struct writing writing = {arena, server->only_validate, now_s};
	struct buf body;
	int rc;

	assert(!push->device.shows_itself || push->device.platform == PUSH_ANDROID);
	if (push->device.address[0] == 0)
		return -EINVAL;
	rc = push_write(arena, push, PUSH_BODY_BYTES, write_message, &writing, &body);
	if (rc < 0)
		return rc;
	*ret = (struct push_request){
	    .url = arena_printf(arena, "%s/v1/projects/%s/messages:send", server->origin,
	                        server->project),
	    .body = body.data,
	    .body_length = body.length,
	};
	push_add_header(ret, "Authorization",
	                arena_printf(arena, "Bearer %s", server->access_token));
	push_add_header(ret, "Content-Type", "application/json; charset=utf-8");
	return 0;
}

/* Answers. */

static const json_t *detail_of(const json_t *error, const char *type)
{
	const json_t *details = json_object_get(error, "details");

	for (size_t i = 0; i < json_array_size(details); i++) {
		const json_t *detail = json_array_get(details, i);
		const char *found = json_string_value(json_object_get(detail, "@type"));

		if (found != NULL && strcmp(found, type) == 0)
			return detail;
	}
	return NULL;
}

/* Whether what Google refuses is the address, and so not what we wrote about it. */
static bool is_of_address(const json_t *error)
{
	const json_t *violations =
	    json_object_get(detail_of(error, REQUEST_TYPE), "fieldViolations");

	for (size_t i = 0; i < json_array_size(violations); i++) {
		const char *field =
		    json_string_value(json_object_get(json_array_get(violations, i), "field"));

		if (field != NULL &&
		    (strcmp(field, "message.token") == 0 || strcmp(field, "message.fid") == 0))
			return true;
	}
	return false;
}

struct push_verdict fcm_judge(struct arena *arena, const struct http_client_response *response,
                              int64_t now_s)
{
	const json_t *error = json_object_get(push_json(arena, response), "error");
	const char *code = NULL;
	struct push_verdict verdict;

	if (!push_succeeded(response))
		code = push_json_code(arena,
		                      json_object_get(detail_of(error, ERROR_TYPE), "errorCode"));
	if (code != NULL)
		verdict = push_verdict_of(arena, ERRORS, code, response, now_s);
	else
		verdict =
		    push_verdict_of(arena, STATUSES,
		                    push_succeeded(response)
		                        ? NULL
		                        : push_json_code(arena, json_object_get(error, "status")),
		                    response, now_s);
	if (verdict.outcome == PUSH_DROPPED && is_of_address(error))
		verdict.outcome = PUSH_ADDRESS_GONE;
	if (response->status == 401 && code == NULL)
		verdict.outcome = PUSH_TOKEN_REFUSED;
	return verdict;
}

/* Access tokens. */

static const char *member(struct arena *arena, const json_t *json, const char *name,
                          const char **ret_missing)
{
	const char *text = json_string_value(json_object_get(json, name));

	if (text == NULL || text[0] == 0) {
		*ret_missing = name;
		return NULL;
	}
	return arena_strdup(arena, text);
}

bool fcm_account_read(struct arena *arena, const char *json, size_t length, struct fcm_account *ret,
                      const char **ret_error)
{
	const struct http_client_response file = {.body = json, .body_length = length};
	const json_t *account = push_json(arena, &file);
	const char *missing = NULL;

	*ret_error = "it is not a JSON object";
	if (!json_is_object(account))
		return false;
	*ret = (struct fcm_account){
	    .project = member(arena, account, "project_id", &missing),
	    .client_email = member(arena, account, "client_email", &missing),
	    .private_key = member(arena, account, "private_key", &missing),
	    .token_url = member(arena, account, "token_uri", &missing),
	};
	if (missing != NULL)
		*ret_error = arena_printf(arena, "it has no %s", missing);
	return missing == NULL;
}

struct push_request fcm_token_build(struct arena *arena, const struct fcm_account *account,
                                    const struct jwt_key *key, int64_t now_s)
{
	struct buf claims = buf_new(arena, 512);
	struct json json = json_new(&claims);
	struct push_request request = {.url = account->token_url};

	json_open_object(&json);
	json_put_str(&json, "iss", account->client_email);
	json_put_str(&json, "scope", SCOPE);
	json_put_str(&json, "aud", account->token_url);
	json_put_int(&json, "iat", now_s);
	json_put_int(&json, "exp", now_s + TOKEN_S);
	json_close_object(&json);
	const char *assertion = jwt_sign(arena, key, NULL, claims.data);

	if (assertion == NULL)
		return request;
	request.body = arena_printf(arena, "grant_type=%s&assertion=%s", GRANT, assertion);
	request.body_length = strlen(request.body);
	push_add_header(&request, "Content-Type", "application/x-www-form-urlencoded");
	return request;
}

/* RFC 6749, section 5.2: a wrong key, account or clock. */
static const struct push_rule TOKEN_ERRORS[] = {
    {"invalid_grant", PUSH_ALARM, 0},
    {"invalid_client", PUSH_ALARM, 0},
    {"invalid_request", PUSH_ALARM, 0},
    {"unauthorized_client", PUSH_ALARM, 0},
    {"invalid_scope", PUSH_ALARM, 0},
    {"unsupported_grant_type", PUSH_ALARM, 0},
    {"deleted_client", PUSH_ALARM, 0},
    {"disabled_client", PUSH_ALARM, 0},
    {"internal_failure", PUSH_PROVIDER_FAILED, RETRY_MS},
    {0},
};

static bool is_token(const char *text)
{
	size_t length = text == NULL ? 0 : strlen(text);

	for (size_t i = 0; i < length; i++) {
		if (text[i] <= ' ' || text[i] >= 0x7f)
			return false;
	}
	return length > 0 && length <= TOKEN_LENGTH_MAX;
}

struct push_verdict fcm_token_judge(struct arena *arena,
                                    const struct http_client_response *response, int64_t now_s,
                                    const char **ret_token, int64_t *ret_lifetime_s)
{
	const json_t *answer = push_json(arena, response);
	const char *token = json_string_value(json_object_get(answer, "access_token"));
	int64_t lifetime_s = json_integer_value(json_object_get(answer, "expires_in"));
	struct push_verdict verdict = push_verdict_of(
	    arena, TOKEN_ERRORS,
	    push_succeeded(response) ? NULL
	                             : push_json_code(arena, json_object_get(answer, "error")),
	    response, now_s);

	if (verdict.outcome == PUSH_DROPPED)
		verdict.outcome = PUSH_ALARM;
	if (verdict.outcome != PUSH_SENT)
		return verdict;
	if (!is_token(token) || lifetime_s <= 0)
		return (struct push_verdict){.outcome = PUSH_PROVIDER_FAILED,
		                             .reason = "no access token"};
	*ret_token = arena_strdup(arena, token);
	*ret_lifetime_s = lifetime_s > TOKEN_S ? TOKEN_S : lifetime_s;
	return verdict;
}
