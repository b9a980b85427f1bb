/*
 * The address book: at most LIMIT_ADDRESSES, one of them the default. Changes of one book are
 * serialized by a lock of the account's row.
 */
#include <assert.h>

#include "accounts.sql.h"
#include "api.gen.h"
#include "base/limits.h"
#include "web/reply.h"

/* GET /v1/me/addresses */
void list_addresses(struct request *rq, const struct list_addresses_in *in)
{
	(void)in;
	reply_list(rq, sql_address_list(db_of(&rq->task), NULL));
}

static int32_t lock_and_count(struct request *rq, struct db *tx)
{
	struct db *chain = db_chain(tx);

	assert(!uuid_is_nil(rq->task.actor.account_id));
	sql_address_book_lock(chain, rq->task.actor.account_id);
	const struct rows *rows = sql_address_count(chain);

	db_run(chain);
	return sql_address_count_rows(chain, rows, NULL)->count;
}

/* POST /v1/me/addresses */
void create_address(struct request *rq, const struct create_address_in *in)
{
	struct db *tx = db_begin(&rq->task);
	int32_t count = lock_and_count(rq, tx);
	struct uuid id = uuid_v7();
	bool is_default = count == 0 || (in->is_default != NULL && *in->is_default);

	if (count >= LIMIT_ADDRESSES)
		task_end(&rq->task, PROBLEM_CONFLICT, "The address book is full (%d addresses).",
		         LIMIT_ADDRESSES);
	assert(is_default || count > 0); /* the first address is the default */
	if (is_default)
		sql_address_default_clear(tx);
	sql_address_add(tx, &(struct address_add_args){
	                        .id = id,
	                        .account = rq->task.actor.account_id,
	                        .is_default = is_default,
	                        .name = in->name,
	                        .company = in->company,
	                        .line1 = in->line1,
	                        .line2 = in->line2,
	                        .city = in->city,
	                        .region = in->region,
	                        .postal_code = in->postal_code,
	                        .country = in->country,
	                        .phone = in->phone,
	                    });
	reply_commit_row(rq, tx, 201, sql_address_list(tx, &id));
}

/* Only the owner can choose another default. */
static void require_a_default(struct request *rq, struct db *tx)
{
	if (!sql_address_has_default_rows(tx, sql_address_has_default(tx), NULL)->has)
		task_end_about(
		    &rq->task, PROBLEM_CONFLICT, "/is_default", "default",
		    "An address book must have a default; make another address the default.");
}

/* PATCH /v1/me/addresses/{address_id} */
void update_address(struct request *rq, const struct update_address_in *in)
{
	struct db *tx = db_begin(&rq->task);

	sql_address_book_lock(tx, rq->task.actor.account_id);
	if (in->is_default != NULL && *in->is_default)
		sql_address_default_clear(tx);
	sql_address_change(tx, &(struct address_change_args){
	                           .id = in->address_id,
	                           .is_default = in->is_default,
	                           .name = in->name,
	                           .change_company = in->company_given,
	                           .company = in->company,
	                           .line1 = in->line1,
	                           .change_line2 = in->line2_given,
	                           .line2 = in->line2,
	                           .city = in->city,
	                           .change_region = in->region_given,
	                           .region = in->region,
	                           .change_postal_code = in->postal_code_given,
	                           .postal_code = in->postal_code,
	                           .country = in->country,
	                           .change_phone = in->phone_given,
	                           .phone = in->phone,
	                       });
	if (in->is_default != NULL && !*in->is_default)
		require_a_default(rq, tx);
	reply_commit_row(rq, tx, 200, sql_address_list(tx, &in->address_id));
}

/* DELETE /v1/me/addresses/{address_id} */
void delete_address(struct request *rq, const struct delete_address_in *in)
{
	struct db *tx = db_begin(&rq->task);

	sql_address_book_lock(tx, rq->task.actor.account_id);
	sql_address_remove(tx, in->address_id);
	sql_address_default_choose(tx);
	reply_commit_empty(rq, tx);
}
