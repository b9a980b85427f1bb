/*
 * admin_products: lists all vendors' products for admins, unlists and relists them.
 */
#include "admin_products.sql.h"
#include "api.gen.h"
#include "shop/platform/platform.h"
#include "web/cache.h"
#include "web/page.h"
#include "web/reply.h"

/* GET /v1/admin/products */
void admin_list_products(struct request *rq, const struct admin_list_products_in *in)
{
	struct page page = page_open(rq, in->cursor, in->limit, 0, PAGE_DESCENDING);
	struct uuid vendor_id;
	bool by_id = in->vendor != NULL && uuid_parse(in->vendor, &vendor_id);

	reply_page(rq, &page,
	           sql_admin_products(
	               db_of(&rq->task),
	               &(struct admin_products_args){
	                   .q = in->q,
	                   .vendor = by_id ? &vendor_id : NULL,
	                   .vendor_slug = by_id ? NULL : in->vendor,
	                   .status = in->status != NULL ? PRODUCT_STATUS_NAMES[*in->status] : NULL,
	                   .unlisted = in->unlisted,
	                   .after_key = page.after_key,
	                   .after_id = page.after_id,
	                   .page_size = page.count,
	               }));
}

static void refresh_and_reply(struct request *rq, struct db *tx, struct uuid id)
{
	sql_admin_product_refresh(tx, id);
	reply_commit_row(rq, tx, 200,
	                 sql_admin_products(tx, &(struct admin_products_args){
	                                            .id = &id,
	                                        }));
	cache_invalidate();
}

/* POST /v1/admin/products/{product_id}/unlist */
void unlist_product(struct request *rq, const struct unlist_product_in *in)
{
	struct db *tx = db_begin(&rq->task);

	platform_audit_reason(tx, in->reason);
	sql_admin_product_unlist(tx, in->product_id, in->reason);
	refresh_and_reply(rq, tx, in->product_id);
}

/* POST /v1/admin/products/{product_id}/relist */
void relist_product(struct request *rq, const struct relist_product_in *in)
{
	struct db *tx = db_begin(&rq->task);

	platform_audit_reason(tx, in->reason);
	sql_admin_product_relist(tx, in->product_id);
	refresh_and_reply(rq, tx, in->product_id);
}
