/*
 * step_up: proving anew who one is, for operations that need it (x-recent, web/recent.h).
 */
#include <assert.h>

#include "api.gen.h"
#include "identities.sql.h"
#include "shop/accounts/identity_proof.h"
#include "shop/accounts/passkey.h"
#include "shop/accounts/password.h"
#include "shop/accounts/phone_code.h"
#include "shop/accounts/sign_in.h"
#include "shop/accounts/two_factor.h"
#include "step_up.sql.h"
#include "web/limit.h"
#include "web/reply.h"

static const char *need(struct request *rq, const char *text, const char *field, const char *detail)
{
	if (text == NULL)
		task_end_field(&rq->task, field, "required", "%s", detail);
	return text;
}

static struct db *prove_by_passkey(struct request *rq, const char *json)
{
	struct passkey_answer answer;

	passkey_answer_read(rq, "/passkey", json, PASSKEY_STEP_UP, &answer);
	struct passkey_proof proof = passkey_prove(rq, &answer);

	if (!uuid_equal(proof.account_id, rq->task.actor.account_id))
		passkey_refuse(rq, "The passkey is of another account.");
	struct db *tx = session_begin(rq, NULL);

	passkey_use(rq, tx, &proof);
	return tx;
}

static struct db *prove_by_phone(struct request *rq, const struct step_up_in *in, const char *phone)
{
	const char *code = need(rq, in->code, "/code", "This account needs a code by telephone.");

	if (in->code_id == NULL)
		task_end_field(&rq->task, "/code_id", "required", "Which code?");
	phone_code_prove(rq, phone, *in->code_id, code);
	struct db *tx = db_begin_as(&rq->task, PG_AUTH);

	phone_code_spend(tx, *in->code_id);
	return tx;
}

/* Of accounts that have no other way in. */
static struct db *prove_by_identity(struct request *rq, const struct identity_proof_input_in *in)
{
	struct uuid account = rq->task.actor.account_id;

	if (in == NULL)
		task_end_field(&rq->task, "/identity", "required",
		               "This account needs a token of its identity provider.");
	const struct id_token *token =
	    identity_prove(rq, &(struct identity_given){in->provider, in->challenge, in->id_token});
	struct db *db = db_as(&rq->task, PG_AUTH);
	const struct identity_find_row *identity = sql_identity_find_rows(
	    db, sql_identity_find(db, IDENTITY_PROVIDER_NAMES[in->provider], token->subject), NULL);

	if (identity == NULL || !uuid_equal(identity->account_id, account))
		identity_refuse(rq, "The identity is not linked to this account.");
	struct db *tx = session_begin(rq, NULL);

	identity_take(rq, tx, token, true);
	return tx;
}

/* A transaction of sebez_auth in which the proof was used up. An account with a second factor needs
 * that: the session has seen the first one, and a password may be known to others. */
static struct db *prove(struct request *rq, const struct step_up_in *in,
                        const struct session_way_in_row *way)
{
	struct uuid account = rq->task.actor.account_id;
	struct db *tx;

	if (in->passkey != NULL)
		return prove_by_passkey(rq, in->passkey);
	if (way->has_totp) {
		const char *code =
		    need(rq, in->code, "/code", "This account needs a code of its app.");

		two_factor_throttle(rq, account, code);
		tx = db_begin_as(&rq->task, PG_AUTH);
		two_factor_use(rq, tx, account, code);
		limit_refund_guesses(rq);
		return tx;
	}
	if (way->needs_passkey)
		task_end_field(&rq->task, "/passkey", "required",
		               "This account needs one of its passkeys.");
	if (way->has_password) {
		account_check_password(
		    rq, need(rq, in->password, "/password", "This account needs its password."));
		return db_begin_as(&rq->task, PG_AUTH);
	}
	if (way->phone != NULL)
		return prove_by_phone(rq, in, way->phone);
	if (!way->has_identity)
		task_end(&rq->task, PROBLEM_CONFLICT,
		         "The account has nothing to prove it by: set a password first "
		         "(requestPasswordReset).");
	return prove_by_identity(rq, in->identity);
}

/* POST /v1/auth/step-up */
void step_up(struct request *rq, const struct step_up_in *in)
{
	const struct actor *actor = &rq->task.actor;
	struct db *db = db_as(&rq->task, PG_AUTH);
	const struct session_way_in_row *way = sql_session_way_in_rows(
	    db, sql_session_way_in(db, actor->account_id, actor->session_id), NULL);

	if (way == NULL)
		task_end(&rq->task, PROBLEM_UNAUTHENTICATED, "The session has ended.");
	struct db *tx = prove(rq, in, way);

	if (rows_count(sql_session_prove(tx, actor->session_id,
	                                 in->passkey != NULL || way->has_totp)) == 0)
		task_end(&rq->task, PROBLEM_UNAUTHENTICATED, "The session has ended.");
	reply_commit_empty(rq, tx);
}
