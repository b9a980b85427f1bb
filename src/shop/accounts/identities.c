/*
 * identities: signing in with Google and Apple, and the list of an account's. docs/ACCOUNTS.md.
 */
#include <assert.h>
#include <string.h>
#include <strings.h>

#include "accounts.sql.h"
#include "api.gen.h"
#include "base/codec.h"
#include "base/email.h"
#include "base/json.h"
#include "identities.sql.h"
#include "shop/accounts/apple.h"
#include "shop/accounts/identity_proof.h"
#include "shop/accounts/sign_in.h"
#include "shop/accounts/two_factor.h"
#include "shop/consents/consents.h"
#include "web/reply.h"

enum { NAME_CHARACTERS = 120 }; /* as the contract says */

static void tell(struct request *rq, struct db *tx, const char *key, const char *title)
{
	struct buf facts = buf_new(rq->task.arena, 64);
	struct json json = json_new(&facts);

	json_open_object(&json);
	json_put_str(&json, "name", title);
	json_close_object(&json);
	two_factor_tell(tx, rq->task.actor.account_id, key,
	                arena_strndup(rq->task.arena, facts.data, facts.length));
}

/* The code that came with a token. Google's is of no use to us. */
static void keep_code(struct request *rq, struct db *tx, struct uuid identity,
                      enum identity_provider_choice provider, const struct id_token *token,
                      const char *code, const char *redirect_uri)
{
	if (code != NULL && provider == IDENTITY_PROVIDER_APPLE)
		apple_keep_code(rq->task.arena, tx, identity, token->audience,
		                &(struct apple_code){code, redirect_uri});
}

/* A person's name without blanks at its edges, cut after NAME_CHARACTERS; "": it has none. */
static const char *name_of(struct arena *arena, const char *name)
{
	size_t length = strlen(name), kept = 0, count = 0;
	const char *start = utf8_trim(name, &length);

	for (; kept < length; kept++) {
		count += ((uint8_t)start[kept] & 0xc0) != 0x80; /* begins a character */
		if (count > NAME_CHARACTERS)
			break;
	}
	assert(kept <= length);
	return arena_strndup(arena, start, kept);
}

struct newcomer {
	const char *email, *email_key, *name;
};

/* Google says of any address that somebody has shown once that they read its mails; who reads them
 * now it knows only of those that it serves itself. */
static bool is_address_of_google(const struct id_token *token)
{
	const char *domain = strrchr(token->email, '@');

	return token->hosted_domain[0] != 0 ||
	       (domain != NULL && strcasecmp(domain, "@gmail.com") == 0);
}

/* Who has no account yet. Ends the task: 400 when something is missing, 409 when an account has the
 * address, which may be linked by whoever signs in there. The challenge stays good. */
static struct newcomer newcomer_of(struct request *rq, const struct sign_in_by_identity_in *in,
                                   const struct id_token *token)
{
	struct arena *arena = rq->task.arena;
	const char *email =
	    token->email_is_verified ? email_form(arena, token->email, strlen(token->email)) : NULL;
	struct newcomer new = {.name = in->name != NULL ? in->name : name_of(arena, token->name)};
	struct db *db = db_as(&rq->task, PG_AUTH);

	if (email == NULL)
		task_end_field(&rq->task, "/id_token", "email",
		               "An account needs an e-mail address that the provider has verified: "
		               "ask for it (scope email).");
	if (in->provider == IDENTITY_PROVIDER_GOOGLE && !is_address_of_google(token))
		task_end_field(&rq->task, "/id_token", "email",
		               "Google does not serve this e-mail address: register with it, and "
		               "link Google there.");
	new.email = email;
	new.email_key = email_key(arena, email);
	if (rows_count(sql_account_by_email(db, new.email_key, new.email)) > 0)
		task_end_about(&rq->task, PROBLEM_EXISTS, "/id_token", "exists",
		               "An account has this e-mail address: sign in to it, and link the "
		               "provider there.");
	if (new.name[0] == 0)
		task_end_field(&rq->task, "/name", "required",
		               "No account is linked yet; a name makes one.");
	return new;
}

static const struct rows *add(struct request *rq, struct db *tx, struct uuid id,
                              struct uuid account, enum identity_provider_choice provider,
                              const struct id_token *token)
{
	const char *email = email_form(rq->task.arena, token->email, strlen(token->email));

	return sql_identity_add(
	    tx, &(struct identity_add_args){.id = id,
	                                    .account = account,
	                                    .provider = IDENTITY_PROVIDER_NAMES[provider],
	                                    .subject = token->subject,
	                                    .email = email,
	                                    .client_id = token->audience});
}

static void sign_up(struct request *rq, struct db *tx, const struct sign_in_by_identity_in *in,
                    const struct id_token *token, const struct newcomer *new)
{
	struct uuid account = uuid_v7(), identity = uuid_v7();

	sql_account_add_by_identity(tx, account, new->email, new->email_key, new->name);
	consents_accept_new(tx, account, in->accepted_documents_count, in->accepted_documents);
	(void)add(rq, tx, identity, account, in->provider, token);
	keep_code(rq, tx, identity, in->provider, token, in->authorization_code, in->redirect_uri);
	sign_in_on(rq, tx, account, false, 201,
	           &(struct sign_in_device){.name = in->device_name, .id = in->device_id});
}

/* POST /v1/auth/identity: the unique indices decide when two are made at once. */
void sign_in_by_identity(struct request *rq, const struct sign_in_by_identity_in *in)
{
	const struct id_token *token =
	    identity_prove(rq, &(struct identity_given){in->provider, in->challenge, in->id_token});
	struct db *db = db_as(&rq->task, PG_AUTH);
	const struct identity_find_row *known = sql_identity_find_rows(
	    db, sql_identity_find(db, IDENTITY_PROVIDER_NAMES[in->provider], token->subject), NULL);
	struct newcomer new = {0};

	if (known == NULL)
		new = newcomer_of(rq, in, token);
	struct db *tx = db_begin_as(&rq->task, PG_AUTH);

	identity_take(rq, tx, token, false);
	if (known == NULL) {
		sign_up(rq, tx, in, token, &new);
		return;
	}
	const struct account_row_lock_row *account =
	    sql_account_row_lock_rows(tx, sql_account_row_lock(tx, known->account_id), NULL);

	if (rows_count(sql_identity_use(tx, known->id, known->account_id)) == 0)
		identity_refuse(rq, "The account is no longer linked.");
	if (account->locked)
		sign_in_refuse_locked(rq);
	if (account->admin)
		task_end(&rq->task, PROBLEM_FORBIDDEN, "Admins sign in with their password.");
	keep_code(rq, tx, known->id, in->provider, token, in->authorization_code, in->redirect_uri);
	sign_in_on(rq, tx, known->account_id, false, 200,
	           &(struct sign_in_device){.name = in->device_name, .id = in->device_id});
}

/* POST /v1/me/identities: the session had a recent proof, and the token is the other one. */
void link_identity(struct request *rq, const struct link_identity_in *in)
{
	struct uuid id = uuid_v7();
	const struct id_token *token =
	    identity_prove(rq, &(struct identity_given){in->provider, in->challenge, in->id_token});
	struct db *tx = session_begin(rq, NULL);

	identity_take(rq, tx, token, true);
	const struct rows *rows = add(rq, tx, id, rq->task.actor.account_id, in->provider, token);

	keep_code(rq, tx, id, in->provider, token, in->authorization_code, in->redirect_uri);
	tell(rq, tx, "mail.identity_linked", identity_title(IDENTITY_PROVIDER_NAMES[in->provider]));
	reply_commit_row(rq, tx, 201, rows);
}

/* GET /v1/me/identities */
void list_identities(struct request *rq, const struct list_identities_in *in)
{
	(void)in;
	reply_list(rq, sql_identity_list(db_of(&rq->task), rq->task.actor.account_id));
}

/* DELETE /v1/me/identities/{identity_id} */
void unlink_identity(struct request *rq, const struct unlink_identity_in *in)
{
	struct uuid account = rq->task.actor.account_id;
	struct db *tx = session_begin(rq, NULL);
	const struct identity_remove_row *removed =
	    sql_identity_remove_rows(tx, sql_identity_remove(tx, account, in->identity_id), NULL);

	if (sql_account_ways_in_rows(tx, sql_account_ways_in(tx, account), NULL)->count == 0)
		task_end(&rq->task, PROBLEM_CONFLICT,
		         "The account could not sign in any more: set a password first "
		         "(requestPasswordReset).");
	tell(rq, tx, "mail.identity_unlinked", identity_title(removed->provider));
	reply_commit_empty(rq, tx);
}
