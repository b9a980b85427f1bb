#include "shop/accounts/sign_in.h"

#include <assert.h>
#include <sodium.h>
#include <string.h>

#include "accounts.sql.h"
#include "api.gen.h"
#include "base/clock.h"
#include "base/codec.h"
#include "base/email.h"
#include "base/limits.h"
#include "net/places.h"
#include "passkeys.sql.h"
#include "shop/accounts/accounts.h"
#include "shop/accounts/common_password.h"
#include "shop/accounts/known_device.h"
#include "shop/accounts/password.h"
#include "shop/accounts/refresh_cookie.h"
#include "shop/accounts/suspicion.h"
#include "shop/accounts/two_factor.h"
#include "two_factor.sql.h"
#include "web/limit.h"
#include "web/reply.h"
#include "web/token.h"

enum { USER_AGENT_BYTES = 200, WHO_BYTES = 16 };

_Static_assert(WHO_BYTES >= crypto_generichash_BYTES_MIN, "length of a hash");
_Static_assert(ACCESS_TOKEN_S < SESSION_DAYS * 24 * 3600, "a session outlives its access tokens");

void sign_in_expect_no_wait(struct request *rq, int32_t wait_s)
{
	assert(wait_s >= 0);
	if (wait_s > 0)
		task_end_with(
		    &rq->task,
		    (struct problem){.code = PROBLEM_RATE_LIMITED,
		                     .detail = "Too many codes were asked for; retry later.",
		                     .retry_after_s = wait_s});
}

_Noreturn void sign_in_refuse(struct request *rq)
{
	task_end(&rq->task, PROBLEM_BAD_CREDENTIALS, "E-mail or password is wrong.");
}

_Noreturn void sign_in_refuse_locked(struct request *rq)
{
	task_end(&rq->task, PROBLEM_ACCOUNT_LOCKED, "This account is locked.");
}

struct db *session_begin(struct request *rq, const char **ret_login)
{
	const struct actor *actor = &rq->task.actor;
	struct db *tx = db_begin_as(&rq->task, PG_AUTH);
	const struct session_account_lock_row *own = sql_session_account_lock_rows(
	    tx, sql_session_account_lock(tx, actor->account_id, actor->session_id), NULL);

	if (own == NULL)
		task_end(&rq->task, PROBLEM_UNAUTHENTICATED, "The session has ended.");
	if (own->locked)
		sign_in_refuse_locked(rq);
	assert(own->login != NULL); /* an account has an address or a number */
	if (ret_login != NULL)
		*ret_login = own->login;
	return tx;
}

static const char *lower(struct arena *arena, const char *typed)
{
	char *lower = arena_strdup(arena, typed);

	ascii_lower(lower);
	return lower;
}

const char *account_key(struct arena *arena, const char *typed)
{
	const char *email = email_form(arena, typed, strlen(typed));

	assert(email == NULL || strlen(email) <= EMAIL_BYTES);
	return email != NULL ? email_key(arena, email) : lower(arena, typed);
}

const char *sign_in_who(struct request *rq, const char *who)
{
	uint8_t hash[WHO_BYTES];
	char *text = arena_alloc(rq->task.arena, 2 * sizeof(hash) + 1);

	crypto_generichash(hash, sizeof(hash), (const uint8_t *)who, strlen(who), NULL, 0);
	hex_encode(hash, sizeof(hash), text);
	return text;
}

void sign_in_throttle(struct request *rq, const char *email_key)
{
	const char *who = sign_in_who(rq, email_key);

	limit_guess(rq, "login_guess", who);
	limit_guess(rq, "login_account", who);
}

void sign_in_reply(struct request *rq, struct db *tx, int status, const struct signed_in *signed_in)
{
	int64_t now_s = clock_now_us() / 1000000;
	struct token token = {
	    .kind = signed_in->admin ? TOKEN_ADMIN : TOKEN_ACCOUNT,
	    .account_id = signed_in->account_id,
	    .session_id = signed_in->session_id,
	    .issued_s = now_s,
	    .expires_s = now_s + ACCESS_TOKEN_S,
	};
	const struct rows *user =
	    sql_account_view(tx, signed_in->account_id, signed_in->session_id);
	struct buf body = buf_new(rq->task.arena, 1024);
	struct json json = json_new(&body);
	char access[TOKEN_LENGTH + 1], refresh_text[REFRESH_LENGTH + 1];

	assert(!uuid_is_nil(signed_in->account_id) && !uuid_is_nil(signed_in->session_id));
	token_make(&token, access);
	assert(strlen(access) == TOKEN_LENGTH);
	refresh_token_format(&signed_in->token, refresh_text);
	json_open_object(&json);
	json_put_str(&json, "access_token", access);
	json_put_str(&json, "refresh_token", refresh_cookie_show(rq, refresh_text));
	json_put_int(&json, "expires_in", ACCESS_TOKEN_S);
	json_key(&json, "user");
	rows_json_object(user, 0, &json);
	json_close_object(&json);
	reply_header(rq, "Cache-Control", "no-store");
	reply_commit_json(rq, tx, status, &body);
}

/* The client's User-Agent, truncated between characters; NULL when it is not UTF-8. */
static const char *user_agent(struct request *rq)
{
	const char *header = http_header(rq->http, "User-Agent");

	if (header == NULL || !utf8_is_valid(header, strlen(header)))
		return NULL;
	size_t length = strnlen(header, USER_AGENT_BYTES);

	while (length > 0 && ((uint8_t)header[length] & 0xc0) == 0x80)
		length--;
	assert(utf8_is_valid(header, length));
	return arena_strndup(rq->task.arena, header, length);
}

/* Signing in keeps the content of the guest's cart. */
static void merge_guest_cart(struct request *rq, struct db *tx, struct uuid account_id)
{
	const char *token = rq->task.actor.guest_token;

	if (token[0] == 0)
		return;
	const struct guest_cart_lock_row *guest =
	    sql_guest_cart_lock_rows(tx, sql_guest_cart_lock(tx, token), NULL);

	if (guest == NULL)
		return;
	const struct account_cart_lock_row *cart =
	    sql_account_cart_lock_rows(tx, sql_account_cart_lock(tx, uuid_v7(), account_id), NULL);

	assert(!uuid_equal(guest->id, cart->id)); /* else merging would delete its lines */
	sql_guest_cart_merge(tx, guest->id, cart->id, LIMIT_CART_LINES, LIMIT_LINE_QUANTITY);
	sql_guest_cart_merged(tx, guest->id);
}

void sign_in_on(struct request *rq, struct db *tx, struct uuid account_id, bool admin, int status,
                const struct sign_in_device *device)
{
	const struct second_factors_row *factors =
	    sql_second_factors_rows(tx, sql_second_factors(tx, account_id), NULL);

	if (factors->has_app || (factors->is_demanded && factors->has_passkey))
		challenge_reply(rq, tx, account_id, factors->has_app, factors->has_passkey);
	else
		sign_in_at_once(rq, tx, account_id, admin, status, device);
}

void sign_in(struct request *rq, struct db *tx, struct uuid account_id, bool admin, int status)
{
	sign_in_on(rq, tx, account_id, admin, status, NULL);
}

void sign_in_at_once(struct request *rq, struct db *tx, struct uuid account_id, bool admin,
                     int status, const struct sign_in_device *device)
{
	const char *agent = user_agent(rq), *words = device_words(rq->task.arena, agent);
	const char *name = device != NULL && device->name != NULL ? device->name : words;
	struct signed_in signed_in = {
	    .account_id = account_id,
	    .session_id = uuid_v7(),
	    .admin = admin,
	    .token = refresh_token_random(),
	};
	struct refresh_hash hash = refresh_token_hash(&signed_in.token);
	char country[PLACES_COUNTRY_LENGTH + 1];
	struct db *chain = db_chain(tx);

	places_country(account_settings()->places, request_address(rq), country);
	sql_session_start(chain, &(struct session_start_args){
	                             .id = signed_in.session_id,
	                             .account = account_id,
	                             .user_agent = agent,
	                             .device_name = name,
	                             .address = request_address(rq),
	                             .country = country[0] != 0 ? country : NULL,
	                             .days = SESSION_DAYS,
	                             .second_factor = device != NULL && device->second_factor});
	sql_refresh_token_add(chain, (struct bytes){hash.bytes, sizeof(hash.bytes)},
	                      signed_in.session_id, 1);
	sql_two_factor_grace_start(chain, account_id);
	struct rows *noted = device_note(rq, chain, account_id, device, words);

	db_run(chain);
	if (status != 201)
		device_tell(rq, tx, &signed_in, noted, name);
	merge_guest_cart(rq, tx, account_id);
	sign_in_reply(rq, tx, status, &signed_in);
}

static const struct account_by_email_row *find_account(struct request *rq, const char *key,
                                                       const char *typed)
{
	struct db *db = db_as(&rq->task, PG_AUTH);
	const char *as_typed = lower(rq->task.arena, typed);

	return sql_account_by_email_rows(db, sql_account_by_email(db, key, as_typed), NULL);
}

/* Sets the key of an account that is older than keys. */
static void renew_email(struct request *rq, struct db *tx, struct uuid account_id,
                        const char *typed, const char *key)
{
	const char *email = email_form(rq->task.arena, typed, strlen(typed));

	if (email != NULL)
		sql_account_set_email(tx, account_id, email, key);
}

/*
 * POST /v1/auth/login
 *
 * An unknown address takes as long as a wrong password and gets the same answer. A lock of the
 * account is reported only with the right password.
 */
void login(struct request *rq, const struct login_in *in)
{
	const char *key = account_key(rq->task.arena, in->email);
	bool outdated;

	suspicion_expect(rq, in->email);
	sign_in_throttle(rq, key);
	const struct account_by_email_row *account = find_account(rq, key, in->email);
	const char *hash = account == NULL ? NULL : account->password_hash;

	if (!password_matches(&rq->task, hash, in->password, &outdated) || account == NULL)
		sign_in_refuse(rq);
	limit_refund_guesses(rq);
	const char *renewed = outdated ? password_hash(&rq->task, in->password) : NULL;
	struct db *tx = db_begin_as(&rq->task, PG_AUTH);
	const struct account_row_lock_row *locked =
	    sql_account_row_lock_rows(tx, sql_account_row_lock(tx, account->id), NULL);

	assert(hash != NULL && locked->password_hash != NULL); /* a password is never taken away */
	if (strcmp(locked->password_hash, hash) != 0)
		sign_in_refuse(rq); /* changed during hashing */
	if (locked->locked)
		sign_in_refuse_locked(rq);
	if (renewed != NULL)
		sql_account_rehash(tx, account->id, renewed);
	if (strcmp(account->email_key, key) != 0)
		renew_email(rq, tx, account->id, in->email, key);
	sign_in_on(rq, tx, account->id, locked->admin, 200,
	           &(struct sign_in_device){.name = in->device_name, .id = in->device_id});
}
