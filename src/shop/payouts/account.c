/*
 * account: the bank details of vendors. Whoever took over an owner's device must know the password,
 * and owners have two days to notice.
 */
#include <assert.h>
#include <ctype.h>
#include <string.h>

#include "api.gen.h"
#include "base/iban.h"
#include "payouts.sql.h"
#include "shop/feed/feed.h"
#include "web/reply.h"

enum { HOLD_HOURS = 48 };

/* GET /v1/vendors/{vendor_id}/payout-account */
void get_payout_account(struct request *rq, const struct get_payout_account_in *in)
{
	reply_row(rq, sql_payout_accounts(db_of(&rq->task)));
}

struct details {
	const char *iban, *number, *bank_code; /* iban, or the others */
	char masked[IBAN_MASKED_SIZE];
};

/* Digits and letters without blanks and dashes, in capitals. */
static const char *compact(struct task *task, const char *field, const char *typed)
{
	char *text = arena_strdup(task->arena, typed);
	size_t length = 0;

	for (const char *at = typed; *at != '\0'; at++) {
		unsigned char c = (unsigned char)*at;
		if (c == ' ' || c == '-')
			continue;
		if (c >= 0x80 || !isalnum(c))
			task_end_field(task, field, "format", "must be digits and letters");
		text[length++] = (char)toupper(c);
	}
	if (length == 0)
		task_end_field(task, field, "format", "must have a digit or letter");
	text[length] = '\0';
	assert(length <= strlen(typed));
	return text;
}

static struct details by_iban(struct task *task, const char *country, const char *typed)
{
	char iban[IBAN_LENGTH_MAX + 1];
	struct details details = {0};

	if (!iban_parse(typed, iban))
		task_end_field(task, "/iban", "format", "is not an IBAN: a digit may be wrong");
	if (strncmp(iban, country, 2) != 0)
		task_end_field(task, "/country", "conflict", "must be that of the IBAN");
	details.iban = arena_strdup(task->arena, iban);
	iban_mask(iban, true, details.masked);
	return details;
}

static struct details details_of(struct task *task, const struct put_payout_account_in *in)
{
	struct details details = {0};

	if (in->iban != NULL && (in->number != NULL || in->bank_code != NULL))
		task_end_field(task, "/iban", "conflict", "must not be there with a number");
	if (in->iban != NULL)
		return by_iban(task, in->country, in->iban);
	if (in->number == NULL)
		task_end_field(task, "/number", "required", "is needed without an IBAN");
	if (in->bank_code == NULL)
		task_end_field(task, "/bank_code", "required", "is needed with a number");
	details.number = compact(task, "/number", in->number);
	details.bank_code = compact(task, "/bank_code", in->bank_code);
	iban_mask(details.number, false, details.masked);
	return details;
}

/* PUT /v1/vendors/{vendor_id}/payout-account. The first statement finds out whether the caller is
 * of that vendor, before anything is said of the body. */
void put_payout_account(struct request *rq, const struct put_payout_account_in *in)
{
	sql_payout_accounts(db_of(&rq->task));
	struct details details = details_of(&rq->task, in);

	struct db *tx = db_begin(&rq->task);
	bool is_change =
	    sql_payout_accounts_lock_rows(tx, sql_payout_accounts_lock(tx, in->vendor_id), NULL)
	        ->any;

	sql_payout_account_withdraw(tx);
	const struct payout_account_insert_row *made = sql_payout_account_insert_rows(
	    tx,
	    sql_payout_account_insert(tx,
	                              &(struct payout_account_insert_args){
	                                  .id = uuid_v7(),
	                                  .holder = in->holder,
	                                  .country = in->country,
	                                  .iban = details.iban,
	                                  .number = details.number,
	                                  .bank_code = details.bank_code,
	                                  .masked = details.masked,
	                                  .hold_hours = is_change ? HOLD_HOURS : 0,
	                              }),
	    NULL);
	if (is_change)
		feed_write_payout_account_changed(
		    tx, in->vendor_id,
		    &(struct event_payout_account_changed){.active_at = made->active_at});
	reply_commit_row(rq, tx, 200, sql_payout_accounts(tx));
}

/* DELETE /v1/vendors/{vendor_id}/payout-account */
void withdraw_payout_account(struct request *rq, const struct withdraw_payout_account_in *in)
{
	struct db *tx = db_begin(&rq->task);

	sql_payout_accounts_lock(tx, in->vendor_id);
	if (rows_count(sql_payout_account_withdraw(tx)) == 0)
		task_end(&rq->task, PROBLEM_NOT_FOUND, "No bank details are held.");
	reply_commit_empty(rq, tx);
}
