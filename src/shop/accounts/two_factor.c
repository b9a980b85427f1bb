#include "shop/accounts/two_factor.h"

#include <assert.h>
#include <string.h>

#include "base/clock.h"
#include "base/unicode.h"
#include "net/log.h"
#include "shop/accounts/totp_secret.h"
#include "shop/mail/mail.h"
#include "two_factor.sql.h"
#include "web/client_address.h"
#include "web/limit.h"
#include "web/reply.h"

static bool is_of_app(const char *code, char ret[TOTP_DIGITS + 1])
{
	return unicode_digits(code, TOTP_DIGITS, ret);
}

static bool knows_network(struct request *rq, struct uuid account)
{
	struct db *db = db_as(&rq->task, PG_AUTH);
	char here[CLIENT_ADDRESS_SIZE];
	size_t count;
	const struct account_addresses_row *known =
	    sql_account_addresses_rows(db, sql_account_addresses(db, account), &count);

	client_network(request_address(rq), here);
	for (size_t i = 0; i < count; i++) {
		char there[CLIENT_ADDRESS_SIZE];

		client_network(known[i].address, there);
		if (strcmp(here, there) == 0)
			return true;
	}
	return false;
}

void two_factor_throttle(struct request *rq, struct uuid account, const char *code)
{
	char who[UUID_TEXT_LENGTH + 1], digits[TOTP_DIGITS + 1];

	uuid_format(account, who);
	limit_guess(rq, "code_guess", who);
	if (is_of_app(code, digits) && !knows_network(rq, account))
		limit_guess(rq, "code_account", who);
}

static _Noreturn void refuse(struct request *rq)
{
	task_end(&rq->task, PROBLEM_BAD_CREDENTIALS, "The code is wrong, used or expired.");
}

void two_factor_tell(struct db *tx, struct uuid account, const char *key, const char *facts)
{
	mail_write(tx, &(struct mail_letter){.key = key, .account_id = &account, .facts = facts});
}

static void use_recovery_code(struct request *rq, struct db *tx, struct uuid account,
                              const struct totp_secret *secret, const char *code)
{
	uint8_t hash[RECOVERY_HASH_BYTES];
	const struct recovery_code_use_row *used;

	if (!recovery_code_hash(secret, code, hash))
		refuse(rq);
	used = sql_recovery_code_use_rows(
	    tx, sql_recovery_code_use(tx, account, (struct bytes){hash, sizeof(hash)}), NULL);
	if (used == NULL)
		refuse(rq);
	assert(used->remaining >= 0 && used->remaining < RECOVERY_CODES);
	two_factor_tell(tx, account, "mail.recovery_code_used",
	                arena_printf(rq->task.arena, "{\"count\":%d}", (int)used->remaining));
}

void two_factor_use(struct request *rq, struct db *tx, struct uuid account, const char *code)
{
	const struct totp_lock_row *row = sql_totp_lock_rows(tx, sql_totp_lock(tx, account), NULL);
	char digits[TOTP_DIGITS + 1];
	struct totp_secret secret;

	if (row == NULL || row->secret == NULL)
		refuse(rq);
	if (!totp_secret_open(rq->task.arena, account, row->secret, &secret)) {
		LOG_ERROR("a second factor was sealed with a secret of the server that is not set");
		refuse(rq);
	}
	if (!is_of_app(code, digits)) {
		use_recovery_code(rq, tx, account, &secret, code);
		return;
	}
	int64_t step = totp_find(secret.bytes, digits, clock_now_us() / 1000000, row->last_step);

	if (step < 0)
		refuse(rq);
	assert(step > row->last_step);
	sql_totp_use(tx, account, totp_secret_seal(rq->task.arena, account, &secret), step);
}

bool two_factor_is_on(struct db *db, struct uuid account)
{
	return rows_count(sql_totp_is_on(db, account)) > 0;
}
