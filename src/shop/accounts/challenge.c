/*
 * challenge: sign-ins whose first factor was right and that wait for the second.
 */
#include <assert.h>

#include "accounts.sql.h"
#include "api.gen.h"
#include "base/limits.h"
#include "shop/accounts/sign_in.h"
#include "shop/accounts/two_factor.h"
#include "two_factor.sql.h"
#include "web/limit.h"
#include "web/reply.h"

void challenge_reply(struct request *rq, struct db *tx, struct uuid account, bool has_app,
                     bool has_passkey)
{
	struct uuid id = uuid_v7();
	const struct challenge_start_row *row = sql_challenge_start_rows(
	    tx, sql_challenge_start(tx, id, account, LIMIT_CHALLENGE_MINUTES), NULL);
	struct buf body = buf_new(rq->task.arena, 256);
	struct json json = json_new(&body);

	assert((has_app || has_passkey) && row->expires_at > 0);
	json_open_object(&json);
	json_put_uuid(&json, "challenge_id", id);
	json_key(&json, "methods");
	json_open_array(&json);
	if (has_app) {
		json_str(&json, "totp");
		json_str(&json, "recovery_code");
	}
	if (has_passkey)
		json_str(&json, "passkey");
	json_close_array(&json);
	json_put_time(&json, "expires_at", row->expires_at);
	json_close_object(&json);
	reply_header(rq, "Cache-Control", "no-store");
	reply_commit_json(rq, tx, 202, &body);
}

static _Noreturn void refuse(struct request *rq)
{
	task_end(&rq->task, PROBLEM_NOT_FOUND,
	         "The sign-in was completed, has expired or was guessed at too often; begin anew.");
}

/* POST /v1/auth/challenge */
void answer_challenge(struct request *rq, const struct answer_challenge_in *in)
{
	struct db *db = db_as(&rq->task, PG_AUTH);
	const struct challenge_account_row *challenge = sql_challenge_account_rows(
	    db, sql_challenge_account(db, in->challenge_id, LIMIT_CHALLENGE_TRIES), NULL);

	if (challenge == NULL)
		refuse(rq);
	struct uuid account_id = challenge->account_id;

	two_factor_throttle(rq, account_id, in->code);
	if (rows_count(sql_challenge_try(db, in->challenge_id, LIMIT_CHALLENGE_TRIES)) == 0)
		refuse(rq);
	struct db *tx = db_begin_as(&rq->task, PG_AUTH);
	const struct account_row_lock_row *account =
	    sql_account_row_lock_rows(tx, sql_account_row_lock(tx, account_id), NULL);

	if (rows_count(sql_challenge_use(tx, in->challenge_id)) == 0)
		refuse(rq); /* another request was faster, or the password was changed */
	if (account->locked)
		sign_in_refuse_locked(rq);
	two_factor_use(rq, tx, account_id, in->code);
	limit_refund_guesses(rq);
	sign_in_at_once(rq, tx, account_id, account->admin, 200,
	                &(struct sign_in_device){
	                    .name = in->device_name, .id = in->device_id, .second_factor = true});
}
