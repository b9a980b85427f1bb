/*
 * sign_in_link: signing in by a mail. docs/ACCOUNTS.md, "A link by mail".
 *
 * The mail has a code; the answer to the request has a secret, which the browser or app that asked
 * keeps. Only both together sign in: so neither who gets hold of the mail nor the program that
 * looks at its links does. The secret follows from the id and the server's key, as the code does.
 */
#include <assert.h>
#include <sodium.h>
#include <string.h>

#include "api.gen.h"
#include "base/clock.h"
#include "base/codec.h"
#include "base/limits.h"
#include "shop/accounts/email_code.h"
#include "shop/accounts/sign_in.h"
#include "shop/accounts/suspicion.h"
#include "shop/sms/sms.h"
#include "web/reply.h"

enum { SECRET_BYTES = 16 };

_Static_assert(SECRET_BYTES >= crypto_generichash_BYTES_MIN, "length of a hash");

struct secret {
	char text[BASE64URL_LENGTH(SECRET_BYTES) + 1];
};

static struct secret secret_of(struct uuid id, size_t key)
{
	static const char USE[] = "who asked for a link by mail";
	const struct sms_settings *settings = sms_settings();
	uint8_t input[sizeof(id.bytes) + sizeof(USE)], hash[SECRET_BYTES];
	struct secret secret;

	assert(key < settings->key_count);
	memcpy(input, id.bytes, sizeof(id.bytes));
	memcpy(input + sizeof(id.bytes), USE, sizeof(USE));
	crypto_generichash(hash, sizeof(hash), input, sizeof(input), settings->keys[key],
	                   SMS_KEY_BYTES);
	base64url_encode(hash, sizeof(hash), secret.text);
	return secret;
}

static bool is_secret(struct uuid id, const char *given)
{
	bool is = false;

	if (strlen(given) != sizeof(struct secret) - 1)
		return false;
	for (size_t key = 0; key < sms_settings()->key_count; key++)
		is |= sodium_memcmp(secret_of(id, key).text, given, sizeof(struct secret)) == 0;
	return is;
}

/* POST /v1/auth/email/codes */
void request_email_code(struct request *rq, const struct request_email_code_in *in)
{
	struct uuid id = uuid_v7();
	struct buf body = buf_new(rq->task.arena, 256);
	struct json json = json_new(&body);

	suspicion_expect(rq, in->email);
	email_code_count(rq, in->email);
	email_code_ask(rq, db_as(&rq->task, PG_AUTH), id, EMAIL_CODE_SIGN_IN, in->email);
	json_open_object(&json);
	json_put_uuid(&json, "request_id", id);
	json_put_str(&json, "secret", secret_of(id, 0).text);
	json_put_time(&json, "expires_at",
	              clock_now_us() + LIMIT_SIGN_IN_CODE_S * INT64_C(1000000));
	json_close_object(&json);
	reply_header(rq, "Cache-Control", "no-store");
	reply_json(rq, 202, &body);
}

/* POST /v1/auth/email: who has no secret spends none of the tries of who has it. */
void sign_in_by_email(struct request *rq, const struct sign_in_by_email_in *in)
{
	if (!is_secret(in->request_id, in->secret))
		email_code_refuse(&rq->task);
	const struct email_code_try_row *code =
	    email_code_prove(rq, EMAIL_CODE_SIGN_IN, in->request_id, in->code);
	struct db *tx = db_begin_as(&rq->task, PG_AUTH);

	email_code_spend(tx, in->request_id);
	const struct account_to_recover_row *account = sql_account_to_recover_rows(
	    tx, sql_account_to_recover(tx, code->email_key, code->email, code->created_at), NULL);

	if (account == NULL)
		email_code_refuse(&rq->task);
	if (account->locked)
		sign_in_refuse_locked(rq);
	if (account->admin)
		task_end(&rq->task, PROBLEM_FORBIDDEN, "Admins sign in with their password.");
	sign_in_on(rq, tx, account->id, false, 200,
	           &(struct sign_in_device){.name = in->device_name, .id = in->device_id});
}
