/*
 * totp: an account turns its second factor on and off, and gets recovery codes.
 */
#include <assert.h>
#include <sodium.h>
#include <string.h>

#include "accounts.sql.h"
#include "api.gen.h"
#include "base/clock.h"
#include "base/limits.h"
#include "base/unicode.h"
#include "passkeys.sql.h"
#include "shop/accounts/sign_in.h"
#include "shop/accounts/totp_secret.h"
#include "shop/accounts/two_factor.h"
#include "shop/sms/sms.h"
#include "two_factor.sql.h"
#include "web/limit.h"
#include "web/reply.h"

/* GET /v1/me/two-factor */
void get_two_factor(struct request *rq, const struct get_two_factor_in *in)
{
	(void)in;
	reply_row(rq, sql_two_factor_state(db_of(&rq->task), rq->task.actor.account_id));
}

/* All but letters and digits as %XX (RFC 3986). */
static void put_encoded(struct buf *buf, const char *text)
{
	static const char PLAIN[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";

	for (; *text != 0; text++) {
		if (strchr(PLAIN, *text) != NULL)
			buf_printf(buf, "%c", *text);
		else
			buf_printf(buf, "%%%02X", (unsigned)(uint8_t)*text);
	}
}

/* As authenticator apps read it from a QR code. */
static const char *uri_of(struct arena *arena, const char *login, const char *secret)
{
	const char *shop = sms_settings()->shop;
	struct buf buf = buf_new(arena, 256);

	buf_printf(&buf, "otpauth://totp/");
	put_encoded(&buf, shop);
	buf_printf(&buf, ":");
	put_encoded(&buf, login);
	buf_printf(&buf, "?secret=%s&issuer=", secret);
	put_encoded(&buf, shop);
	buf_printf(&buf, "&algorithm=SHA1&digits=%d&period=%d", TOTP_DIGITS, TOTP_STEP_S);
	return arena_strndup(arena, buf.data, buf.length);
}

/* POST /v1/me/totp: an account that has an app goes on with it until another is confirmed. */
void begin_totp(struct request *rq, const struct begin_totp_in *in)
{
	struct uuid account = rq->task.actor.account_id;
	char text[TOTP_SECRET_LENGTH + 1];
	struct totp_secret secret;
	const char *login;

	if (in->code != NULL)
		two_factor_throttle(rq, account, in->code);
	struct db *tx = session_begin(rq, &login);

	if (two_factor_is_on(tx, account)) {
		if (in->code == NULL)
			task_end_field(&rq->task, "/code", "required",
			               "Replacing the app requires a code of the present one, or a "
			               "recovery code.");
		two_factor_use(rq, tx, account, in->code);
	}
	limit_refund_guesses(rq);
	randombytes_buf(secret.bytes, sizeof(secret.bytes));
	totp_secret_format(secret.bytes, text);
	const struct totp_begin_row *row = sql_totp_begin_rows(
	    tx,
	    sql_totp_begin(tx, account, totp_secret_seal(rq->task.arena, account, &secret),
	                   LIMIT_ENROLMENT_MINUTES),
	    NULL);
	struct buf body = buf_new(rq->task.arena, 512);
	struct json json = json_new(&body);

	json_open_object(&json);
	json_put_str(&json, "secret", text);
	json_put_str(&json, "uri", uri_of(rq->task.arena, login, text));
	json_put_time(&json, "expires_at", row->pending_until);
	json_close_object(&json);
	reply_header(rq, "Cache-Control", "no-store");
	reply_commit_json(rq, tx, 200, &body);
}

/* New ones instead of all others; commits and replies with them, for nobody can see them again. */
static void reply_codes(struct request *rq, struct db *tx, const struct totp_secret *secret)
{
	struct uuid account = rq->task.actor.account_id;
	struct recovery_codes_add_codes rows[RECOVERY_CODES];
	uint8_t hashes[RECOVERY_CODES][RECOVERY_HASH_BYTES];
	struct buf body = buf_new(rq->task.arena, 512);
	struct json json = json_new(&body);

	json_open_object(&json);
	json_key(&json, "recovery_codes");
	json_open_array(&json);
	for (size_t i = 0; i < RECOVERY_CODES; i++) {
		char code[RECOVERY_CODE_LENGTH + 1];

		recovery_code_random(code);
		bool is_code = recovery_code_hash(secret, code, hashes[i]);

		assert(is_code);
		rows[i].hash = (struct bytes){hashes[i], sizeof(hashes[i])};
		json_str(&json, code);
	}
	json_close_array(&json);
	json_close_object(&json);
	sql_recovery_codes_remove(tx, account);
	sql_recovery_codes_add(tx, account, RECOVERY_CODES, rows);
	reply_header(rq, "Cache-Control", "no-store");
	reply_commit_json(rq, tx, 200, &body);
}

/* POST /v1/me/totp/confirm: other sessions end, because they began without the second factor. */
void confirm_totp(struct request *rq, const struct confirm_totp_in *in)
{
	const struct actor *actor = &rq->task.actor;

	two_factor_throttle(rq, actor->account_id, in->code);
	struct db *tx = session_begin(rq, NULL);
	const struct totp_lock_row *row =
	    sql_totp_lock_rows(tx, sql_totp_lock(tx, actor->account_id), NULL);
	char digits[TOTP_DIGITS + 1];
	struct totp_secret secret;

	if (row == NULL || row->pending == NULL ||
	    !totp_secret_open(rq->task.arena, actor->account_id, row->pending, &secret))
		task_end(&rq->task, PROBLEM_CONFLICT,
		         "No app waits to be confirmed; begin anew (POST /v1/me/totp).");
	int64_t step = unicode_digits(in->code, TOTP_DIGITS, digits)
	                   ? totp_find(secret.bytes, digits, clock_now_us() / 1000000, -1)
	                   : -1;

	if (step < 0)
		task_end(&rq->task, PROBLEM_BAD_CREDENTIALS,
		         "The code is not the app's; is the clock of the telephone right?");
	limit_refund_guesses(rq);
	sql_totp_confirm(tx, actor->account_id,
	                 totp_secret_seal(rq->task.arena, actor->account_id, &secret), step);
	sql_session_end_others(tx, actor->account_id, actor->session_id);
	sql_session_show_factor(tx, actor->session_id);
	two_factor_tell(tx, actor->account_id, "mail.two_factor_on", "{}");
	reply_codes(rq, tx, &secret);
}

/* POST /v1/me/totp/recovery-codes */
void renew_recovery_codes(struct request *rq, const struct renew_recovery_codes_in *in)
{
	struct uuid account = rq->task.actor.account_id;

	two_factor_throttle(rq, account, in->code);
	struct db *tx = session_begin(rq, NULL);

	two_factor_use(rq, tx, account, in->code);
	limit_refund_guesses(rq);
	const struct totp_lock_row *row = sql_totp_lock_rows(tx, sql_totp_lock(tx, account), NULL);
	struct totp_secret secret;
	bool is_open = totp_secret_open(rq->task.arena, account, row->secret, &secret);

	assert(is_open); /* it has just been used */
	reply_codes(rq, tx, &secret);
}

/* POST /v1/me/totp/disable */
void disable_totp(struct request *rq, const struct disable_totp_in *in)
{
	struct uuid account = rq->task.actor.account_id;

	two_factor_throttle(rq, account, in->code);
	struct db *tx = session_begin(rq, NULL);

	two_factor_use(rq, tx, account, in->code);
	limit_refund_guesses(rq);
	const struct second_factors_row *factors =
	    sql_second_factors_rows(tx, sql_second_factors(tx, account), NULL);

	if (factors->is_demanded && !factors->has_passkey)
		task_end(&rq->task, PROBLEM_CONFLICT,
		         "The marketplace demands a second factor of this account.");
	sql_totp_remove(tx, account);
	sql_recovery_codes_remove(tx, account);
	two_factor_tell(tx, account, "mail.two_factor_off", "{}");
	reply_commit_empty(rq, tx);
}
