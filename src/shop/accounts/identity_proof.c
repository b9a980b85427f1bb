#include "shop/accounts/identity_proof.h"

#include <assert.h>
#include <sodium.h>
#include <string.h>

#include "base/clock.h"
#include "base/codec.h"
#include "base/json.h"
#include "base/limits.h"
#include "identities.sql.h"
#include "shop/accounts/accounts.h"
#include "shop/accounts/provider_keys.h"
#include "shop/accounts/sign_in.h"
#include "web/reply.h"

enum { CHALLENGE_BYTES = 32, TEXT_LENGTH = BASE64URL_LENGTH(CHALLENGE_BYTES) };

_Static_assert((int)CHALLENGE_BYTES == (int)crypto_hash_sha256_BYTES, "nonces are as long");

struct nonce {
	char text[TEXT_LENGTH + 1];
};

static struct nonce nonce_of(const char *challenge)
{
	uint8_t hash[crypto_hash_sha256_BYTES];
	struct nonce nonce;

	crypto_hash_sha256(hash, (const uint8_t *)challenge, strlen(challenge));
	base64url_encode(hash, sizeof(hash), nonce.text);
	return nonce;
}

/* In tx (of sebez_auth), which is committed. */
static void make_challenge(struct request *rq, struct db *tx, const struct uuid *session)
{
	uint8_t bytes[CHALLENGE_BYTES];
	char challenge[TEXT_LENGTH + 1];
	struct buf body = buf_new(rq->task.arena, 256);
	struct json json = json_new(&body);

	randombytes_buf(bytes, sizeof(bytes));
	base64url_encode(bytes, sizeof(bytes), challenge);
	struct nonce nonce = nonce_of(challenge);

	sql_identity_challenge_add(tx, nonce.text, session, LIMIT_IDENTITY_CHALLENGE_S);
	json_open_object(&json);
	json_put_str(&json, "challenge", challenge);
	json_put_str(&json, "nonce", nonce.text);
	json_put_time(&json, "expires_at",
	              clock_now_us() + LIMIT_IDENTITY_CHALLENGE_S * INT64_C(1000000));
	json_close_object(&json);
	reply_header(rq, "Cache-Control", "no-store");
	reply_commit_json(rq, tx, 201, &body);
}

/* POST /v1/auth/identity/challenges */
void begin_identity_sign_in(struct request *rq, const struct begin_identity_sign_in_in *in)
{
	(void)in;
	make_challenge(rq, db_begin_as(&rq->task, PG_AUTH), NULL);
}

/* POST /v1/me/identities/challenges */
void begin_identity(struct request *rq, const struct begin_identity_in *in)
{
	(void)in;
	make_challenge(rq, session_begin(rq, NULL), &rq->task.actor.session_id);
}

const char *identity_title(const char *provider)
{
	return strcmp(provider, IDENTITY_PROVIDER_NAMES[IDENTITY_PROVIDER_APPLE]) == 0 ? "Apple"
	                                                                               : "Google";
}

_Noreturn void identity_refuse(struct request *rq, const char *detail)
{
	task_end(&rq->task, PROBLEM_BAD_CREDENTIALS, "%s", detail);
}

static bool is_word_of(const char *list, const char *word)
{
	size_t wanted = strlen(word);

	for (size_t length; *(list += strspn(list, " ")) != 0; list += length) {
		length = strcspn(list, " ");
		if (length == wanted && memcmp(list, word, length) == 0)
			return true;
	}
	return false;
}

static bool is_issuer(enum identity_provider_choice provider, const char *issuer)
{
	if (provider == IDENTITY_PROVIDER_APPLE)
		return strcmp(issuer, "https://appleid.apple.com") == 0;
	return strcmp(issuer, "https://accounts.google.com") == 0 ||
	       strcmp(issuer, "accounts.google.com") == 0;
}

/* NULL: the claims are good now. A token for a challenge of ours is as young as that. */
static const char *mistake_of(const struct identity_given *given, const struct id_token *token)
{
	const struct identity_settings *settings = &account_settings()->identity;
	const char *apps = given->provider == IDENTITY_PROVIDER_APPLE ? settings->apple_client_ids
	                                                              : settings->google_client_ids;
	int64_t now_s = clock_now_us() / 1000000;
	int64_t age_max_s = LIMIT_IDENTITY_CHALLENGE_S + LIMIT_CLOCK_SKEW_S;

	if (!is_issuer(given->provider, token->issuer))
		return "The token is of another issuer.";
	if (!is_word_of(apps, token->audience))
		return "The token was given to another app.";
	if (token->expires_s <= now_s - LIMIT_CLOCK_SKEW_S)
		return "The token has expired.";
	if (token->issued_s > now_s + LIMIT_CLOCK_SKEW_S || token->issued_s < now_s - age_max_s)
		return "The token was not issued now.";
	if (strcmp(token->nonce, nonce_of(given->challenge).text) != 0)
		return "The token has not the nonce of the challenge.";
	return NULL;
}

const struct id_token *identity_prove(struct request *rq, const struct identity_given *given)
{
	const struct identity_settings *settings = &account_settings()->identity;
	bool is_apple = given->provider == IDENTITY_PROVIDER_APPLE;
	struct id_token *token = arena_alloc(rq->task.arena, sizeof(*token));
	const char *mistake;

	if ((is_apple ? settings->apple_client_ids : settings->google_client_ids)[0] == 0)
		task_end(&rq->task, PROBLEM_CONFLICT,
		         "This marketplace takes no sign-ins of %s (%s is not set).",
		         IDENTITY_PROVIDER_NAMES[given->provider],
		         is_apple ? "APPLE_CLIENT_IDS" : "GOOGLE_CLIENT_IDS");
	if (!id_token_read(rq->task.arena, given->token, token, &mistake))
		identity_refuse(rq, mistake);
	mistake = mistake_of(given, token);
	if (mistake != NULL)
		identity_refuse(rq, mistake);
	const struct public_key *key = provider_key(&rq->task, given->provider, token->key_id);

	if (key == NULL)
		identity_refuse(rq, "The provider has no key of the id that the token names.");
	if (!id_token_is_signed(token, key))
		identity_refuse(rq, "The token is not signed by the key that it names.");
	assert(token->subject[0] != 0);
	return token;
}

void identity_take(struct request *rq, struct db *tx, const struct id_token *token,
                   bool is_of_session)
{
	const struct identity_challenge_take_row *row = sql_identity_challenge_take_rows(
	    tx, sql_identity_challenge_take(tx, token->nonce), NULL);

	if (row == NULL)
		identity_refuse(rq, "The challenge is used, or has expired.");
	if ((row->session_id != NULL) != is_of_session ||
	    (is_of_session && !uuid_equal(*row->session_id, rq->task.actor.session_id)))
		identity_refuse(rq, "The challenge is for something else, or of another session.");
}
