/*
 * registration: an account, once its address is proved. docs/ACCOUNTS.md.
 *
 * Nobody learns whether an address has an account: a registration hashes the password and writes
 * the same rows in either case, and the mail says which it is.
 */
#include <assert.h>

#include "accounts.sql.h"
#include "api.gen.h"
#include "shop/accounts/common_password.h"
#include "shop/accounts/email_code.h"
#include "shop/accounts/password.h"
#include "shop/accounts/sign_in.h"
#include "shop/accounts/suspicion.h"
#include "shop/consents/consents.h"

/* POST /v1/auth/register */
void register_account(struct request *rq, const struct register_account_in *in)
{
	struct uuid id = uuid_v7();

	suspicion_expect(rq, in->email);
	email_code_count(rq, in->email);
	password_refuse_common(&rq->task, "/password", in->password);
	const char *hash = password_hash(&rq->task, in->password);
	struct db *tx = db_begin_as(&rq->task, PG_AUTH);

	consents_check(tx, in->accepted_documents_count, in->accepted_documents);
	email_code_ask(rq, tx, id, EMAIL_CODE_REGISTRATION, in->email);
	sql_registration_add(
	    tx, id, in->name, hash,
	    (struct uuid_array){in->accepted_documents_count, in->accepted_documents});
	email_code_reply(rq, tx, "registration_id", id, EMAIL_CODE_REGISTRATION);
}

/* POST /v1/auth/register/confirm: the unique index decides when two have registered the address. */
void confirm_registration(struct request *rq, const struct confirm_registration_in *in)
{
	struct uuid account_id = uuid_v7();
	const struct email_code_try_row *code =
	    email_code_prove(rq, EMAIL_CODE_REGISTRATION, in->registration_id, in->code);
	struct db *tx = db_begin_as(&rq->task, PG_AUTH);

	email_code_spend(tx, in->registration_id);
	const struct registration_of_row *wanted =
	    sql_registration_of_rows(tx, sql_registration_of(tx, in->registration_id), NULL);

	assert(!password_is_outdated(wanted->password_hash));
	sql_account_add(tx, account_id, code->email, code->email_key, wanted->name,
	                wanted->password_hash);
	sql_registration_end(tx, in->registration_id, account_id);
	sign_in_at_once(rq, tx, account_id, false, 201,
	                &(struct sign_in_device){.name = in->device_name, .id = in->device_id});
}
