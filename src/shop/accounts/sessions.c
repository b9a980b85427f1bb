/*
 * Sessions: a chain of single-use refresh tokens. See refresh.h for the rule.
 */
#include <assert.h>
#include <sodium.h>

#include "accounts.sql.h"
#include "api.gen.h"
#include "shop/accounts/accounts.h"
#include "shop/accounts/refresh_cookie.h"
#include "shop/accounts/sign_in.h"
#include "two_factor.sql.h"
#include "web/reply.h"
#include "web/token.h"

#define KEY_PURPOSE "refresh token, version 1"

_Static_assert((int)TOKEN_KEY_BYTES == (int)REFRESH_KEY_BYTES, "keys are derived for both");

static struct bytes bytes_of(const struct refresh_hash *hash)
{
	return (struct bytes){hash->bytes, sizeof(hash->bytes)};
}

/* Makes the successor on a token's first use. */
static struct refresh_token rotate(struct db *tx, const struct refresh_token *token,
                                   const struct refresh_token_lock_row *row)
{
	struct refresh_hash hash = refresh_token_hash(token);
	uint8_t key[TOKEN_KEY_BYTES];
	bool derived = token_key_derive(0, KEY_PURPOSE, key);
	struct refresh_token successor = refresh_token_successor(token, key);
	struct refresh_hash successor_hash = refresh_token_hash(&successor);
	struct db *chain = db_chain(tx);

	assert(derived);
	assert(row->alive && !row->used && !row->locked && row->number > 0);
	sql_refresh_token_use(chain, bytes_of(&hash));
	sql_refresh_token_add(chain, bytes_of(&successor_hash), row->session_id, row->number + 1);
	sql_session_prolong(chain, row->session_id, SESSION_DAYS);
	sql_two_factor_grace_start(chain, row->account_id);
	db_run(chain);
	return successor;
}

/* Finds the successor made before, possibly with an earlier key. */
static bool repeat(const struct refresh_token *token, const struct bytes *successor_hash,
                   struct refresh_token *ret)
{
	uint8_t key[TOKEN_KEY_BYTES];

	assert(successor_hash->length == REFRESH_HASH_BYTES);
	for (size_t i = 0; token_key_derive(i, KEY_PURPOSE, key); i++) {
		struct refresh_token successor = refresh_token_successor(token, key);
		struct refresh_hash hash = refresh_token_hash(&successor);

		if (sodium_memcmp(hash.bytes, successor_hash->data, sizeof(hash.bytes)) == 0) {
			*ret = successor;
			return true;
		}
	}
	return false;
}

static _Noreturn void refuse_token(struct request *rq)
{
	task_end(&rq->task, PROBLEM_UNAUTHENTICATED,
	         "The refresh token is not valid; sign in again.");
}

static _Noreturn void refuse_reuse(struct request *rq, struct db *tx, struct uuid session_id)
{
	sql_session_end(tx, session_id);
	db_commit(tx);
	task_end(&rq->task, PROBLEM_TOKEN_REUSED,
	         "The refresh token was already used; its session has been ended. Sign in again.");
}

static struct refresh_token exchange(struct request *rq, struct db *tx,
                                     const struct refresh_token *token,
                                     const struct refresh_token_lock_row *row)
{
	const struct refresh_token_successor_row *next =
	    row->used ? sql_refresh_token_successor_rows(
	                    tx, sql_refresh_token_successor(tx, row->session_id, row->number), NULL)
	              : NULL;
	struct refresh_facts facts = {
	    .alive = row->alive,
	    .used = row->used,
	    .recent = row->recent,
	    .successor_used = next == NULL || next->used,
	};
	struct refresh_token successor;

	switch (refresh_judge(&facts)) {
	case REFRESH_REUSED:
		refuse_reuse(rq, tx, row->session_id);
	case REFRESH_OVER:
		task_end(&rq->task, PROBLEM_UNAUTHENTICATED,
		         "The session has ended; sign in again.");
	case REFRESH_ROTATE:
		if (row->locked)
			sign_in_refuse_locked(rq);
		return rotate(tx, token, row);
	case REFRESH_REPEAT:
		if (row->locked)
			sign_in_refuse_locked(rq);
		assert(next != NULL); /* otherwise it is a reuse */
		if (!repeat(token, &next->hash, &successor))
			refuse_token(rq);
		return successor;
	}
	assert(false);
	refuse_token(rq);
}

/* POST /v1/auth/refresh */
void refresh(struct request *rq, const struct refresh_in *in)
{
	struct refresh_token token;

	if (!refresh_token_parse(refresh_cookie_read(rq, in->refresh_token), &token))
		refuse_token(rq);
	struct refresh_hash hash = refresh_token_hash(&token);
	struct db *tx = db_begin_as(&rq->task, PG_AUTH);
	const struct refresh_token_lock_row *row = sql_refresh_token_lock_rows(
	    tx, sql_refresh_token_lock(tx, bytes_of(&hash), REFRESH_RETRY_S), NULL);

	if (row == NULL)
		refuse_token(rq);
	struct signed_in signed_in = {
	    .account_id = row->account_id,
	    .session_id = row->session_id,
	    .admin = row->admin,
	    .token = exchange(rq, tx, &token, row),
	};

	sign_in_reply(rq, tx, 200, &signed_in);
}

/* A token of no session of the account is ignored: logout reveals nothing. */
static void end_session_of(struct request *rq, const char *text)
{
	struct refresh_token token;

	if (!refresh_token_parse(text, &token))
		return;
	struct refresh_hash hash = refresh_token_hash(&token);

	sql_session_end_by_token(db_as(&rq->task, PG_AUTH), rq->task.actor.account_id,
	                         bytes_of(&hash));
}

/* POST /v1/auth/logout */
void logout(struct request *rq, const struct logout_in *in)
{
	sql_session_end(db_of(&rq->task), rq->task.actor.session_id);
	if (in->refresh_token != NULL)
		end_session_of(rq, refresh_cookie_read(rq, in->refresh_token));
	refresh_cookie_clear(rq);
	reply_empty(rq);
}

/* GET /v1/me/sessions */
void list_my_sessions(struct request *rq, const struct list_my_sessions_in *in)
{
	(void)in;
	reply_list(rq, sql_session_list(db_of(&rq->task), rq->task.actor.session_id));
}

/* DELETE /v1/me/sessions */
void end_other_sessions(struct request *rq, const struct end_other_sessions_in *in)
{
	const struct actor *actor = &rq->task.actor;

	(void)in;
	sql_session_end_others(db_of(&rq->task), actor->account_id, actor->session_id);
	reply_empty(rq);
}

/* DELETE /v1/me/sessions/{session_id} */
void end_session(struct request *rq, const struct end_session_in *in)
{
	if (rows_count(sql_session_end(db_of(&rq->task), in->session_id)) == 0)
		task_end(&rq->task, PROBLEM_NOT_FOUND, "Session not found.");
	reply_empty(rq);
}
