/*
 * staff: a vendor's staff and its invitations.
 */
#include <sodium.h>
#include <string.h>

#include "api.gen.h"
#include "base/codec.h"
#include "shop/accounts/accounts.h"
#include "shop/feed/feed.h"
#include "shop/mail/mail.h"
#include "shop/texts/texts.h"
#include "vendors.sql.h"
#include "web/language.h"
#include "web/page.h"
#include "web/reply.h"

enum { INVITATION_TOKEN_BYTES = 32, INVITATION_DAYS = 7 };

_Static_assert(INVITATION_TOKEN_BYTES >= 16, "an invitation cannot be guessed");

/* GET /v1/vendors/{vendor_id}/staff */
void list_staff(struct request *rq, const struct list_staff_in *in)
{
	struct page page = page_open(rq, in->cursor, in->limit, 0, PAGE_ASCENDING);

	reply_page(rq, &page,
	           sql_staff_page(db_of(&rq->task), in->vendor_id, page.after_key, page.after_id,
	                          page.count));
}

/* A vendor must keep an owner. Locks the owners until the commit. */
static void require_another_owner(struct db *tx, struct uuid vendor_id, struct uuid leaving)
{
	size_t count;
	const struct staff_owners_lock_row *owners =
	    sql_staff_owners_lock_rows(tx, sql_staff_owners_lock(tx, vendor_id), &count);

	if (count == 1 && uuid_equal(owners[0].account_id, leaving))
		task_end(db_task(tx), PROBLEM_CONFLICT, "A vendor must keep at least one owner.");
}

/* PATCH /v1/vendors/{vendor_id}/staff/{user_id} */
void update_staff(struct request *rq, const struct update_staff_in *in)
{
	struct db *tx = db_begin(&rq->task);

	if (in->role != STAFF_ROLE_OWNER)
		require_another_owner(tx, in->vendor_id, in->user_id);
	feed_notify(tx); /* for conversations that their new role cannot read */
	reply_commit_row(
	    rq, tx, 200,
	    sql_staff_update(tx, in->vendor_id, in->user_id, STAFF_ROLE_NAMES[in->role]));
}

/* DELETE /v1/vendors/{vendor_id}/staff/{user_id}, or /me. Also revokes open invitations, which
 * would let them back in. */
void remove_staff(struct request *rq, const struct remove_staff_in *in)
{
	struct uuid user_id = in->user_id != NULL ? *in->user_id : rq->task.actor.account_id;
	struct db *tx = db_begin(&rq->task);

	require_another_owner(tx, in->vendor_id, user_id);
	sql_invitations_revoke_of(tx, in->vendor_id, user_id);
	sql_staff_delete(tx, in->vendor_id, user_id);
	feed_notify(tx); /* for conversations assigned to them */
	reply_commit_empty(rq, tx);
}

/* GET /v1/vendors/{vendor_id}/invitations */
void list_invitations(struct request *rq, const struct list_invitations_in *in)
{
	struct page page = page_open(rq, in->cursor, in->limit, 0, PAGE_DESCENDING);

	reply_page(rq, &page,
	           sql_invitations_page(db_of(&rq->task), in->vendor_id, page.after_key,
	                                page.after_id, page.count));
}

/* The mail of an invitation, in the language of who invites. */
static void send_invitation(struct request *rq, struct db *tx,
                            const struct create_invitation_in *in, const char *token)
{
	const struct invitation_facts_row *row =
	    sql_invitation_facts_rows(tx, sql_invitation_facts(tx, in->vendor_id), NULL);

	if (row == NULL)
		return;
	mail_write(tx, &(struct mail_letter){
	                   .key = "mail.invitation",
	                   .address = in->email,
	                   .facts = row->facts,
	                   .link = arena_printf(rq->task.arena, "/invitations/%s", token),
	                   .locale = language_choose(http_header(rq->http, "Accept-Language"),
	                                             text_language_names()),
	               });
}

/* POST /v1/vendors/{vendor_id}/invitations: the token is returned once, and only its hash is
 * stored. */
void create_invitation(struct request *rq, const struct create_invitation_in *in)
{
	struct db *tx = db_begin(&rq->task);
	const char *email_key = account_key(rq->task.arena, in->email);
	uint8_t random[INVITATION_TOKEN_BYTES], hash[crypto_hash_sha256_BYTES];
	char token[BASE64URL_LENGTH(INVITATION_TOKEN_BYTES) + 1];

	randombytes_buf(random, sizeof(random));
	base64url_encode(random, sizeof(random), token);
	crypto_hash_sha256(hash, (const uint8_t *)token, strlen(token));
	sql_invitations_replace(tx, in->vendor_id, email_key);
	/* Check afterwards: an older invitation being accepted concurrently is committed by
	 * then. */
	if (rows_count(sql_staff_by_email(tx, in->vendor_id, email_key)) > 0)
		task_end_about(&rq->task, PROBLEM_EXISTS, "/email", "exists",
		               "This e-mail address already belongs to a staff member.");
	send_invitation(rq, tx, in, token);
	reply_commit_row(
	    rq, tx, 201,
	    sql_invitation_insert(tx, &(struct invitation_insert_args){
	                                  .vendor = in->vendor_id,
	                                  .id = uuid_v7(),
	                                  .email = in->email,
	                                  .email_key = email_key,
	                                  .role = STAFF_ROLE_NAMES[in->role],
	                                  .token = token,
	                                  .token_hash = (struct bytes){hash, sizeof(hash)},
	                                  .days = INVITATION_DAYS,
	                              }));
}

/* DELETE /v1/vendors/{vendor_id}/invitations/{invitation_id} */
void revoke_invitation(struct request *rq, const struct revoke_invitation_in *in)
{
	sql_invitation_revoke(db_of(&rq->task), in->vendor_id, in->invitation_id);
	reply_empty(rq);
}
