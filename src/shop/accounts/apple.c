#include "shop/accounts/apple.h"

#include <assert.h>
#include <jansson.h>
#include <string.h>

#include "base/clock.h"
#include "base/form.h"
#include "base/json.h"
#include "base/jwt.h"
#include "base/limits.h"
#include "identities.sql.h"
#include "net/http_client.h"
#include "net/loop.h"
#include "shop/accounts/id_token.h"
#include "shop/accounts/seal.h"
#include "web/json_parse.h"

enum { SECRET_S = 5 * 60, ANSWER_BYTES = 32 * 1024 };

void apple_keep_code(struct arena *arena, struct db *tx, struct uuid identity,
                     const char *client_id, const struct apple_code *code)
{
	struct buf buf = buf_new(arena, 256);
	struct json json = json_new(&buf);

	if (account_settings()->identity.apple_key == NULL)
		return;
	json_open_object(&json);
	json_put_str(&json, "code", code->code);
	if (code->redirect_uri != NULL)
		json_put_str(&json, "redirect_uri", code->redirect_uri);
	json_close_object(&json);
	sql_identity_keep_code(tx, identity, client_id,
	                       seal(arena, ACCOUNTS_IDENTITY, identity, buf.data, buf.length));
}

/* A call, from a deliverer. */

/* What proves that the app is ours; NULL: no memory. */
static const char *client_secret(struct arena *arena, const char *client_id)
{
	const struct identity_settings *settings = &account_settings()->identity;
	int64_t now_s = clock_now_us() / 1000000;
	struct buf claims = buf_new(arena, 256);
	struct json json = json_new(&claims);

	json_open_object(&json);
	json_put_str(&json, "iss", settings->apple_team_id);
	json_put_int(&json, "iat", now_s);
	json_put_int(&json, "exp", now_s + SECRET_S);
	json_put_str(&json, "aud", "https://appleid.apple.com");
	json_put_str(&json, "sub", client_id);
	json_close_object(&json);
	return jwt_sign(arena, settings->apple_key, settings->apple_key_id, claims.data);
}

/* Adds who we are to the form, and sends it. False: there is no answer that decides anything, and
 * the delivery was told. */
static bool call(struct task *task, struct delivery *delivery, const char *path,
                 const char *client_id, struct buf *form, struct http_client_response *ret)
{
	const char *secret = client_secret(task->arena, client_id);
	const struct http_header header = {"Content-Type", "application/x-www-form-urlencoded"};

	assert(secret != NULL);
	form_put(form, "client_id", client_id);
	form_put(form, "client_secret", secret);
	const struct http_client_request request = {
	    .method = "POST",
	    .url = arena_printf(task->arena, "%s%s", account_settings()->identity.apple_url, path),
	    .headers = &header,
	    .header_count = 1,
	    .body = form->data,
	    .body_length = form->length,
	    .body_max = ANSWER_BYTES,
	};
	int rc =
	    http_client_send(task->arena, &request, loop_now_ms() + LIMIT_DELIVERY_ATTEMPT_MS, ret);

	if (rc == -EAGAIN)
		delivery_retry(delivery, 1000, "too many calls are under way");
	else if (rc < 0)
		delivery_unreachable(delivery, 0, "Apple does not answer");
	else if (ret->status >= 500 || ret->status == 429)
		delivery_unreachable(delivery, 0,
		                     arena_printf(task->arena, "HTTP %d", ret->status));
	return rc == 0 && ret->status < 500 && ret->status != 429;
}

static void free_json(void *json)
{
	json_decref(json);
}

/* An object, or NULL. */
static const json_t *parse(struct arena *arena, const char *text, size_t length)
{
	json_t *json = NULL;

	if (json_depth_is_fine(text, length))
		json = json_loadb(text, length, JSON_REJECT_DUPLICATES, NULL);
	if (json != NULL)
		arena_defer(arena, free_json, json);
	return json_is_object(json) ? json : NULL;
}

static const char *text_of(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	return text != NULL ? text : "";
}

static bool can_call(struct delivery *delivery)
{
	if (account_settings()->identity.apple_key != NULL)
		return true;
	delivery_wait(delivery); /* until the operator has set a key */
	return false;
}

/* The sealed text of the row; NULL: there is none, or no key opens it. */
static const char *opened(struct arena *arena, struct uuid id, const struct bytes *sealed)
{
	struct bytes secret;

	if (sealed == NULL || !seal_open(arena, ACCOUNTS_IDENTITY, id, sealed, &secret))
		return NULL;
	return secret.data;
}

/* Exchanging a code. */

/* Apple says whose token it is over a connection to Apple, so nobody has to verify the signature:
 * somebody might send the code of another person's sign-in. */
static bool is_of(struct arena *arena, const json_t *answer, const char *subject)
{
	const char *error;
	struct id_token token;

	return id_token_read(arena, text_of(answer, "id_token"), &token, &error) &&
	       strcmp(token.subject, subject) == 0;
}

static void exchange_one(struct task *task, struct delivery *delivery,
                         const struct identity_code_row *row, const char *text)
{
	const json_t *code = parse(task->arena, text, strlen(text));
	struct buf form = buf_new(task->arena, 1024);
	struct http_client_response response;
	struct db *db = db_of(task);

	form_put(&form, "grant_type", "authorization_code");
	form_put(&form, "code", text_of(code, "code"));
	if (text_of(code, "redirect_uri")[0] != 0)
		form_put(&form, "redirect_uri", text_of(code, "redirect_uri"));
	if (!delivery_begin(delivery) ||
	    !call(task, delivery, "/auth/token", row->client_id, &form, &response))
		return;
	const json_t *answer = parse(task->arena, response.body, response.body_length);
	const char *token = text_of(answer, "refresh_token");
	bool is_good =
	    response.status == 200 && token[0] != 0 && is_of(task->arena, answer, row->subject);

	if (response.status != 200 && strcmp(text_of(answer, "error"), "invalid_grant") != 0) {
		/* our settings are wrong, such as the key */
		delivery_retry(delivery, 0,
		               arena_printf(task->arena, "Apple refuses us: HTTP %d %.60s",
		                            response.status, text_of(answer, "error")));
		return;
	}
	delivery_allow_time(task);
	struct bytes sealed =
	    seal(task->arena, ACCOUNTS_IDENTITY, delivery->subject_id, token, strlen(token));

	if (is_good)
		sql_identity_token_keep(db, delivery->subject_id, row->client_id, sealed);
	else
		sql_identity_code_end(db, delivery->subject_id, *row->authorization_code);
	delivery_done(delivery);
}

void apple_exchange(struct task *task, struct delivery rows[], size_t count)
{
	struct db *db = db_of(task);

	for (size_t i = 0; i < count; i++) {
		const struct identity_code_row *row =
		    sql_identity_code_rows(db, sql_identity_code(db, rows[i].subject_id), NULL);
		const char *text =
		    row == NULL ? NULL
		                : opened(task->arena, rows[i].subject_id, row->authorization_code);

		if (text == NULL)
			delivery_skip(&rows[i]);
		else if (can_call(&rows[i]))
			exchange_one(task, &rows[i], row, text);
	}
}

/* Revoking a token. */

static void revoke_one(struct task *task, struct delivery *delivery,
                       const struct identity_revocation_find_row *row, const char *token)
{
	struct buf form = buf_new(task->arena, 1024);
	struct http_client_response response;

	form_put(&form, "token", token);
	form_put(&form, "token_type_hint", "refresh_token");
	if (!delivery_begin(delivery) ||
	    !call(task, delivery, "/auth/revoke", row->client_id, &form, &response))
		return;
	if (response.status != 200) {
		delivery_retry(delivery, 0,
		               arena_printf(task->arena, "Apple refuses: HTTP %d %.100s",
		                            response.status, response.body));
		return;
	}
	delivery_allow_time(task);
	sql_identity_revocation_end(db_of(task), delivery->subject_id);
	delivery_done(delivery);
}

void apple_revoke(struct task *task, struct delivery rows[], size_t count)
{
	struct db *db = db_of(task);

	for (size_t i = 0; i < count; i++) {
		const struct identity_revocation_find_row *row = sql_identity_revocation_find_rows(
		    db, sql_identity_revocation_find(db, rows[i].subject_id), NULL);
		const char *token =
		    row == NULL ? NULL : opened(task->arena, rows[i].subject_id, &row->token);

		if (token == NULL)
			delivery_skip(&rows[i]); /* it is done already */
		else if (can_call(&rows[i]))
			revoke_one(task, &rows[i], row, token);
	}
}
