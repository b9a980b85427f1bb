/*
 * categories: the tree that all vendors' products hang in.
 */
#include "admin.sql.h"
#include "api.gen.h"
#include "base/codec.h"
#include "web/cache.h"
#include "web/reply.h"

enum { SLUG_MAX = 120 };

/* POST /v1/admin/categories */
void create_category(struct request *rq, const struct create_category_in *in)
{
	struct db *tx = db_begin(&rq->task);
	struct uuid id = uuid_v7();
	char slug[SLUG_MAX + 1];

	slug_from(in->slug ? in->slug : in->name, slug, sizeof slug);
	if (!slug[0])
		task_end_field(&rq->task, "/slug", "required",
		               "No slug can be made of this name; give one.");
	sql_admin_category_insert(tx, id, in->parent_id, slug, in->name, in->position);
	reply_commit_row(rq, tx, 201, sql_admin_category(tx, id));
	cache_invalidate();
}

/* PATCH /v1/admin/categories/{category_id}: what is below moves along, with its products. */
void update_category(struct request *rq, const struct update_category_in *in)
{
	struct db *tx = db_begin(&rq->task);
	struct uuid id = in->category_id;

	if (in->parent_id_given)
		sql_admin_category_hold(tx, id);
	sql_admin_category_update(tx, id, in->name, in->slug, in->parent_id_given, in->parent_id,
	                          in->position);
	if (in->parent_id_given) {
		sql_admin_category_descendants(tx, id);
		sql_admin_category_refresh(tx, id);
	}
	reply_commit_row(rq, tx, 200, sql_admin_category(tx, id));
	cache_invalidate();
}
