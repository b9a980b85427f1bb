/*
 * dead_letters: the admin endpoints for dead letters: replay after the cause is fixed, or drop.
 */
#include <assert.h>

#include "api.gen.h"
#include "base/limits.h"
#include "outbox.sql.h"
#include "shop/platform/platform.h"
#include "web/page.h"
#include "web/reply.h"

/* GET /v1/admin/dead-letters */
void list_dead_letters(struct request *rq, const struct list_dead_letters_in *in)
{
	struct page page = page_open(rq, in->cursor, in->limit, 0, PAGE_DESCENDING);

	reply_page(rq, &page,
	           sql_dead_letters(db_of(&rq->task), NULL, in->topic, page.after_key,
	                            page.after_id, page.count));
}

/* GET /v1/admin/dead-letters/{dead_letter_id} */
void get_dead_letter(struct request *rq, const struct get_dead_letter_in *in)
{
	const struct rows *rows =
	    sql_dead_letters(db_of(&rq->task), &in->dead_letter_id, NULL, 0, (struct uuid){0}, 1);

	assert(rows_count(rows) <= 1);
	if (rows_count(rows) == 0)
		task_end(&rq->task, PROBLEM_NOT_FOUND, "Not found.");
	reply_row(rq, rows);
}

/* The reason in the audit log for the deletion of the dead letter. */
static const char REPLAYED[] = "Replayed";

/* POST /v1/admin/dead-letters/{dead_letter_id}/replay */
void replay_dead_letter(struct request *rq, const struct replay_dead_letter_in *in)
{
	struct db *tx = db_begin(&rq->task);

	platform_audit_reason(tx, REPLAYED);
	sql_dead_letter_replay(tx, in->dead_letter_id);
	reply_commit_empty(rq, tx);
}

/* POST /v1/admin/dead-letters/replay */
void replay_dead_letters(struct request *rq, const struct replay_dead_letters_in *in)
{
	struct db *tx = db_begin(&rq->task);

	platform_audit_reason(tx, REPLAYED);
	reply_commit_row(rq, tx, 200, sql_dead_letters_replay(tx, in->topic, LIMIT_REPLAYED));
}

/* DELETE /v1/admin/dead-letters/{dead_letter_id} */
void drop_dead_letter(struct request *rq, const struct drop_dead_letter_in *in)
{
	struct db *tx = db_begin(&rq->task);

	sql_dead_letter_drop(tx, in->dead_letter_id);
	reply_commit_empty(rq, tx);
}
