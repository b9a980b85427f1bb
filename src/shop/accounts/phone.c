/*
 * phone: accounts that are known by a telephone number, and sign in with a code.
 */
#include <assert.h>
#include <string.h>

#include "accounts.sql.h"
#include "api.gen.h"
#include "identities.sql.h"
#include "phone.sql.h"
#include "shop/accounts/password.h"
#include "shop/accounts/phone_code.h"
#include "shop/accounts/sign_in.h"
#include "shop/accounts/two_factor.h"
#include "shop/consents/consents.h"
#include "web/limit.h"
#include "web/reply.h"

static struct uuid add_account(struct request *rq, struct db *tx, const char *phone,
                               const struct sign_in_by_phone_in *in)
{
	struct uuid id = uuid_v7();

	if (in->name == NULL)
		task_end_field(&rq->task, "/name", "required",
		               "No account has this number yet; a name makes one.");
	sql_account_add_phone(tx, id, phone, in->name);
	consents_accept_new(tx, id, in->accepted_documents_count, in->accepted_documents);
	return id;
}

/* POST /v1/auth/phone */
void sign_in_by_phone(struct request *rq, const struct sign_in_by_phone_in *in)
{
	const char *phone = phone_given(rq, "/phone", in->phone);

	phone_code_prove(rq, phone, in->code_id, in->code);
	struct db *tx = db_begin_as(&rq->task, PG_AUTH);

	phone_code_spend(tx, in->code_id);
	const struct account_by_phone_row *account =
	    sql_account_by_phone_rows(tx, sql_account_by_phone(tx, phone), NULL);

	const struct sign_in_device device = {.name = in->device_name, .id = in->device_id};

	if (account == NULL) {
		sign_in_on(rq, tx, add_account(rq, tx, phone, in), false, 201, &device);
		return;
	}
	if (account->locked)
		sign_in_refuse_locked(rq);
	if (account->admin)
		task_end(&rq->task, PROBLEM_FORBIDDEN, "Admins sign in with their password.");
	sign_in_on(rq, tx, account->id, false, 200, &device);
}

/* By the password; an account without one, by a code for its present number, which the caller
 * spends: then true. Whoever has found a device that is signed in could else lock its owner out. */
static bool reauthenticate(struct request *rq, const struct set_my_phone_in *in)
{
	const struct actor *actor = &rq->task.actor;
	struct db *db = db_as(&rq->task, PG_AUTH);
	const struct account_of_session_phone_row *own = sql_account_of_session_phone_rows(
	    db, sql_account_of_session_phone(db, actor->account_id, actor->session_id), NULL);

	if (own == NULL)
		task_end(&rq->task, PROBLEM_UNAUTHENTICATED, "The session has ended.");
	if (own->has_password) {
		account_check_password(rq, in->current_password);
		return false;
	}
	if (own->phone == NULL)
		return false; /* the recent proof of the operation is what there is */
	if (in->phone == NULL && !own->has_email)
		task_end_about(&rq->task, PROBLEM_CONFLICT, "/phone", "needed",
		               "The account has no e-mail address, so it needs its number.");
	if (in->current_code == NULL || in->current_code_id == NULL)
		task_end_field(&rq->task, "/current_code", "required",
		               "Changing the number requires a code for the present one.");
	phone_code_prove(rq, own->phone, *in->current_code_id, in->current_code);
	return true;
}

/* PUT /v1/me/phone */
void set_my_phone(struct request *rq, const struct set_my_phone_in *in)
{
	struct uuid account = rq->task.actor.account_id;
	const char *phone = in->phone == NULL ? NULL : phone_given(rq, "/phone", in->phone);

	if (phone != NULL && (in->code == NULL || in->code_id == NULL))
		task_end_field(&rq->task, "/code", "required",
		               "The number must be proved by a code.");
	bool by_code = reauthenticate(rq, in);

	if (phone != NULL)
		phone_code_prove(rq, phone, *in->code_id, in->code);
	struct db *tx = session_begin(rq, NULL);

	if (by_code)
		phone_code_spend(tx, *in->current_code_id);
	if (phone != NULL)
		phone_code_spend(tx, *in->code_id);
	sql_account_set_phone(tx, account, phone);
	if (by_code &&
	    sql_account_ways_in_rows(tx, sql_account_ways_in(tx, account), NULL)->count == 0)
		task_end_about(&rq->task, PROBLEM_CONFLICT, "/phone", "needed",
		               "The account could not sign in without its number.");
	two_factor_tell(tx, account, "mail.phone_changed", "{}");
	reply_commit_row(rq, tx, 200, sql_account_view(tx, account, rq->task.actor.session_id));
}
