/*
 * admin_categories: the category tree shared by all vendors.
 */
#include <assert.h>

#include "admin_categories.sql.h"
#include "api.gen.h"
#include "base/codec.h"
#include "shop/media/media.h"
#include "web/cache.h"
#include "web/reply.h"
#include "web/slug.h"

enum { SLUG_MAX = 120 };

static const char *image_of(struct db *tx, const struct uploaded_image_input_in *image)
{
	return media_keep(tx, UPLOAD_PURPOSE_CATEGORY_IMAGE, image, "/image");
}

/* POST /v1/admin/categories */
void create_category(struct request *rq, const struct create_category_in *in)
{
	struct db *tx = db_begin(&rq->task);
	struct uuid id = uuid_v7();
	char slug[SLUG_MAX + 1];

	slug_choose(rq, in->slug, in->name, slug, sizeof(slug));
	assert(slug_is_valid(slug));
	sql_admin_category_insert(tx, &(struct admin_category_insert_args){
	                                  .id = id,
	                                  .parent = in->parent_id,
	                                  .slug = slug,
	                                  .name = in->name,
	                                  .position = in->position,
	                                  .image = image_of(tx, in->image),
	                                  .return_days = in->return_days,
	                              });
	reply_commit_row(rq, tx, 201, sql_admin_category(tx, id));
	cache_invalidate();
}

/* PATCH /v1/admin/categories/{category_id}: a move includes subcategories and their products. */
void update_category(struct request *rq, const struct update_category_in *in)
{
	struct db *tx = db_begin(&rq->task);
	struct uuid id = in->category_id;
	char slug[SLUG_MAX + 1];

	if (in->slug != NULL)
		slug_choose(rq, in->slug, NULL, slug, sizeof(slug));
	if (in->parent_id_given)
		sql_admin_category_lock(tx, id);
	sql_admin_category_update(tx, &(struct admin_category_update_args){
	                                  .id = id,
	                                  .name = in->name,
	                                  .slug = in->slug != NULL ? slug : NULL,
	                                  .parent_given = in->parent_id_given,
	                                  .parent = in->parent_id,
	                                  .position = in->position,
	                                  .image_given = in->image_given,
	                                  .image = image_of(tx, in->image),
	                                  .return_days_given = in->return_days_given,
	                                  .return_days = in->return_days,
	                              });
	if (in->parent_id_given) {
		sql_admin_category_descendants(tx, id);
		sql_admin_category_refresh(tx, id);
	}
	reply_commit_row(rq, tx, 200, sql_admin_category(tx, id));
	cache_invalidate();
}

/* DELETE /v1/admin/categories/{category_id} */
void delete_category(struct request *rq, const struct delete_category_in *in)
{
	struct db *tx = db_begin(&rq->task);

	sql_admin_category_remove(tx, in->category_id, in->into);
	reply_commit_empty(rq, tx);
	cache_invalidate();
}
