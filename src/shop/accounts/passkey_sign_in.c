/*
 * passkey_sign_in: signing in by a passkey, and proving anew who one is. docs/ACCOUNTS.md.
 *
 * A passkey is two factors: what somebody has, and who or what unlocks it, which the authenticator
 * has verified. So it signs in without a challenge of the second factor.
 */
#include <assert.h>
#include <string.h>

#include "accounts.sql.h"
#include "api.gen.h"
#include "base/codec.h"
#include "base/limits.h"
#include "shop/accounts/passkey.h"
#include "shop/accounts/sign_in.h"
#include "shop/accounts/two_factor.h"
#include "web/reply.h"

/* Names no passkey, so that nobody learns whether an address has one: the authenticator shows those
 * that it has for this marketplace. */
static void reply_options(struct request *rq, struct db *tx, const uint8_t *challenge)
{
	struct buf body = buf_new(rq->task.arena, 512);
	struct json json = json_new(&body);
	char text[BASE64URL_LENGTH(PASSKEY_CHALLENGE_BYTES) + 1];

	base64url_encode(challenge, PASSKEY_CHALLENGE_BYTES, text);
	json_open_object(&json);
	json_key(&json, "options");
	json_open_object(&json);
	json_put_str(&json, "challenge", text);
	json_put_int(&json, "timeout", LIMIT_PASSKEY_CHALLENGE_S * 1000);
	json_put_str(&json, "rpId", account_settings()->passkey_domain);
	json_key(&json, "allowCredentials");
	json_open_array(&json);
	json_close_array(&json);
	json_put_str(&json, "userVerification", "required");
	json_close_object(&json);
	json_close_object(&json);
	reply_header(rq, "Cache-Control", "no-store");
	reply_commit_json(rq, tx, 200, &body);
}

/* POST /v1/auth/passkey/options */
void begin_passkey_sign_in(struct request *rq, const struct begin_passkey_sign_in_in *in)
{
	const char *key = in->email != NULL ? account_key(rq->task.arena, in->email) : NULL;
	struct db *tx = db_begin_as(&rq->task, PG_AUTH);
	uint8_t challenge[PASSKEY_CHALLENGE_BYTES];

	passkey_challenge(rq, tx, PASSKEY_SIGN_IN, key, challenge);
	reply_options(rq, tx, challenge);
}

/* POST /v1/auth/step-up/passkey */
void begin_passkey_step_up(struct request *rq, const struct begin_passkey_step_up_in *in)
{
	uint8_t challenge[PASSKEY_CHALLENGE_BYTES];
	struct db *tx = session_begin(rq, NULL);

	(void)in;
	passkey_challenge(rq, tx, PASSKEY_STEP_UP, NULL, challenge);
	reply_options(rq, tx, challenge);
}

static _Noreturn void refuse(struct request *rq)
{
	passkey_refuse(rq, "The passkey is not known here, or has not signed this.");
}

/* Who signs in without a name is told by the handle. */
static bool is_of(const struct passkey_answer *answer, struct uuid account)
{
	const struct webauthn_piece *handle = &answer->user_handle;

	return handle->length == sizeof(account.bytes) &&
	       memcmp(handle->bytes, account.bytes, sizeof(account.bytes)) == 0;
}

struct passkey_proof passkey_prove(struct request *rq, const struct passkey_answer *answer)
{
	struct db *db = db_as(&rq->task, PG_AUTH);
	const struct passkey_challenge_take_row *challenge = passkey_answer_take(rq, answer);
	const struct passkey_find_row *passkey = sql_passkey_find_rows(
	    db,
	    sql_passkey_find(
	        db, (struct bytes){answer->credential_id.bytes, answer->credential_id.length}),
	    NULL);
	bool is_named = challenge->email_key != NULL || challenge->session_id != NULL;

	if (passkey == NULL ||
	    !passkey_answer_is_signed(rq->task.arena, answer, passkey->public_key))
		refuse(rq);
	if (!is_of(answer, passkey->account_id) && (answer->user_handle.length > 0 || !is_named))
		refuse(rq);
	if (challenge->email_key != NULL &&
	    (passkey->email_key == NULL || strcmp(passkey->email_key, challenge->email_key) != 0))
		refuse(rq); /* of another account than the typed one */
	return (struct passkey_proof){passkey->id, passkey->account_id, answer->data.count};
}

void passkey_use(struct request *rq, struct db *tx, const struct passkey_proof *proof)
{
	const struct passkey_lock_row *row =
	    sql_passkey_lock_rows(tx, sql_passkey_lock(tx, proof->passkey_id), NULL);

	if (row == NULL)
		refuse(rq); /* removed meanwhile */
	if (proof->count > row->sign_count || (proof->count == 0 && row->sign_count == 0)) {
		sql_passkey_use(tx, proof->passkey_id, proof->count);
		return;
	}
	struct buf facts = buf_new(rq->task.arena, 128);
	struct json json = json_new(&facts);

	json_open_object(&json);
	json_put_str(&json, "name", row->name);
	json_close_object(&json);
	two_factor_tell(tx, proof->account_id, "mail.passkey_copied",
	                arena_strndup(rq->task.arena, facts.data, facts.length));
	db_commit(tx);
	passkey_refuse(rq, "The passkey counts fewer uses than before: it may have been copied.");
}

/* POST /v1/auth/passkey */
void sign_in_by_passkey(struct request *rq, const struct sign_in_by_passkey_in *in)
{
	struct passkey_answer answer;

	passkey_answer_read(rq, "/credential", in->credential, PASSKEY_SIGN_IN, &answer);
	struct passkey_proof proof = passkey_prove(rq, &answer);
	struct db *tx = db_begin_as(&rq->task, PG_AUTH);
	const struct account_row_lock_row *account =
	    sql_account_row_lock_rows(tx, sql_account_row_lock(tx, proof.account_id), NULL);

	if (account->locked)
		sign_in_refuse_locked(rq);
	passkey_use(rq, tx, &proof);
	sign_in_at_once(rq, tx, proof.account_id, account->admin, 200,
	                &(struct sign_in_device){
	                    .name = in->device_name, .id = in->device_id, .second_factor = true});
}
