/*
 * passkeys: registering them, and the list of an account's. docs/ACCOUNTS.md. Signing in with one:
 * passkey_sign_in.c.
 */
#include <assert.h>

#include "accounts.sql.h"
#include "api.gen.h"
#include "base/codec.h"
#include "base/limits.h"
#include "identities.sql.h"
#include "shop/accounts/passkey_answer.h"
#include "shop/accounts/sign_in.h"
#include "shop/accounts/two_factor.h"
#include "two_factor.sql.h"
#include "web/reply.h"

static void put_base64url(struct request *rq, struct json *json, const char *key,
                          const uint8_t *bytes, size_t length)
{
	char *text = arena_alloc(rq->task.arena, BASE64URL_LENGTH(length) + 1);

	base64url_encode(bytes, length, text);
	json_put_str(json, key, text);
}

/* Whom the passkey is for: an id that says nothing of the person, and what an authenticator shows
 * where it has several. */
static void put_user(struct request *rq, struct json *json, const char *login)
{
	struct uuid account = rq->task.actor.account_id;

	json_key(json, "user");
	json_open_object(json);
	put_base64url(rq, json, "id", account.bytes, sizeof(account.bytes));
	json_put_str(json, "name", login);
	json_put_str(json, "displayName", login);
	json_close_object(json);
}

static void put_algorithms(struct json *json)
{
	json_key(json, "pubKeyCredParams");
	json_open_array(json);
	for (size_t i = 0; i < PUBLIC_KEY_ALGORITHMS; i++) {
		json_open_object(json);
		json_put_str(json, "type", "public-key");
		json_put_int(json, "alg", WEBAUTHN_ALGORITHMS[i]);
		json_close_object(json);
	}
	json_close_array(json);
}

/* Those that the account has, so that an authenticator does not make a second one. */
static void put_present(struct request *rq, struct json *json, struct db *tx)
{
	size_t count;
	const struct passkeys_of_row *rows =
	    sql_passkeys_of_rows(tx, sql_passkeys_of(tx, rq->task.actor.account_id), &count);

	json_key(json, "excludeCredentials");
	json_open_array(json);
	for (size_t i = 0; i < count; i++) {
		json_open_object(json);
		json_put_str(json, "type", "public-key");
		put_base64url(rq, json, "id", rows[i].credential_id.data,
		              rows[i].credential_id.length);
		json_close_object(json);
	}
	json_close_array(json);
}

/* Without a name to begin with, so the authenticator keeps the key; and for a verified person. */
static void put_selection(struct json *json)
{
	json_key(json, "authenticatorSelection");
	json_open_object(json);
	json_put_str(json, "residentKey", "required");
	json_key(json, "requireResidentKey");
	json_bool(json, true);
	json_put_str(json, "userVerification", "required");
	json_close_object(json);
	json_put_str(json, "attestation", "none");
}

/* POST /v1/me/passkeys/options */
void begin_passkey(struct request *rq, const struct begin_passkey_in *in)
{
	uint8_t challenge[PASSKEY_CHALLENGE_BYTES];
	struct buf body = buf_new(rq->task.arena, 2048);
	struct json json = json_new(&body);
	const char *login;

	(void)in;
	struct db *tx = session_begin(rq, &login);

	passkey_challenge(rq, tx, PASSKEY_REGISTRATION, NULL, challenge);
	json_open_object(&json);
	json_key(&json, "options");
	json_open_object(&json);
	json_key(&json, "rp");
	json_open_object(&json);
	json_put_str(&json, "id", account_settings()->passkey_domain);
	json_put_str(&json, "name", account_settings()->shop);
	json_close_object(&json);
	put_user(rq, &json, login);
	put_base64url(rq, &json, "challenge", challenge, sizeof(challenge));
	put_algorithms(&json);
	json_put_int(&json, "timeout", LIMIT_PASSKEY_CHALLENGE_S * 1000);
	put_present(rq, &json, tx);
	put_selection(&json);
	json_close_object(&json);
	json_close_object(&json);
	reply_header(rq, "Cache-Control", "no-store");
	reply_commit_json(rq, tx, 200, &body);
}

static void tell(struct request *rq, struct db *tx, const char *key, const char *name)
{
	struct buf facts = buf_new(rq->task.arena, 128);
	struct json json = json_new(&facts);

	json_open_object(&json);
	json_put_str(&json, "name", name);
	json_close_object(&json);
	two_factor_tell(tx, rq->task.actor.account_id, key,
	                arena_strndup(rq->task.arena, facts.data, facts.length));
}

static const struct second_factors_row *factors_of(struct db *tx, struct uuid account)
{
	return sql_second_factors_rows(tx, sql_second_factors(tx, account), NULL);
}

/* POST /v1/me/passkeys: the session had a recent proof when it asked for the challenge. When it is
 * the second factor that the marketplace demands, sessions end that began without it. */
void add_passkey(struct request *rq, const struct add_passkey_in *in)
{
	const struct actor *actor = &rq->task.actor;
	struct passkey_answer answer;
	struct public_key key;
	size_t count;

	passkey_answer_read(rq, "/credential", in->credential, PASSKEY_REGISTRATION, &answer);
	if (!webauthn_key_read(answer.data.key.bytes, answer.data.key.length, &key))
		task_end_field(&rq->task, "/credential/response/attestationObject", "unsupported",
		               "The passkey's key is none of ES256, RS256 or EdDSA.");
	EVP_PKEY_free(key.pkey);
	passkey_answer_take(rq, &answer);
	struct db *tx = session_begin(rq, NULL);
	const struct second_factors_row *factors = factors_of(tx, actor->account_id);

	sql_passkeys_of_rows(tx, sql_passkeys_of(tx, actor->account_id), &count);
	if (count >= LIMIT_PASSKEYS)
		task_end(&rq->task, PROBLEM_CONFLICT, "An account has at most %d passkeys.",
		         LIMIT_PASSKEYS);
	const struct rows *rows = sql_passkey_add(
	    tx, &(struct passkey_add_args){
	            .id = uuid_v7(),
	            .account = actor->account_id,
	            .credential = {answer.credential_id.bytes, answer.credential_id.length},
	            .public_key = {answer.data.key.bytes, answer.data.key.length},
	            .sign_count = answer.data.count,
	            .name = in->name});

	if (factors->is_demanded && !factors->has_app && !factors->has_passkey)
		sql_session_end_others(tx, actor->account_id, actor->session_id);
	sql_session_show_factor(tx, actor->session_id);
	tell(rq, tx, "mail.passkey_added", in->name);
	reply_commit_row(rq, tx, 201, rows);
}

/* GET /v1/me/passkeys */
void list_passkeys(struct request *rq, const struct list_passkeys_in *in)
{
	(void)in;
	reply_list(rq, sql_passkey_list(db_of(&rq->task), rq->task.actor.account_id));
}

/* PATCH /v1/me/passkeys/{passkey_id} */
void rename_passkey(struct request *rq, const struct rename_passkey_in *in)
{
	reply_row(rq, sql_passkey_rename(db_of(&rq->task), in->passkey_id, in->name));
}

/* DELETE /v1/me/passkeys/{passkey_id}: but for the last way in, as with identities. */
void remove_passkey(struct request *rq, const struct remove_passkey_in *in)
{
	struct uuid account = rq->task.actor.account_id;
	struct db *tx = session_begin(rq, NULL);
	const struct passkey_remove_row *removed =
	    sql_passkey_remove_rows(tx, sql_passkey_remove(tx, account, in->passkey_id), NULL);
	const struct second_factors_row *factors = factors_of(tx, account);

	if (factors->is_demanded && !factors->has_app && !factors->has_passkey)
		task_end(&rq->task, PROBLEM_CONFLICT,
		         "The marketplace demands a second factor of this account.");
	if (sql_account_ways_in_rows(tx, sql_account_ways_in(tx, account), NULL)->count == 0)
		task_end(&rq->task, PROBLEM_CONFLICT,
		         "The account could not sign in any more: set a password first "
		         "(requestPasswordReset).");
	tell(rq, tx, "mail.passkey_removed", removed->name);
	reply_commit_empty(rq, tx);
}
