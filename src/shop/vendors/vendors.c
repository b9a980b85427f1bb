/*
 * vendors: public vendor pages, applications, and the vendor's own profile.
 */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "api.gen.h"
#include "base/codec.h"
#include "base/limits.h"
#include "shop/consents/consents.h"
#include "shop/media/media.h"
#include "vendors.sql.h"
#include "web/cache.h"
#include "web/page.h"
#include "web/reply.h"
#include "web/slug.h"

/* GET /v1/vendors */
void list_vendors(struct request *rq, const struct list_vendors_in *in)
{
	struct page page = page_open(rq, in->cursor, in->limit, 0, PAGE_ASCENDING);

	reply_page(
	    rq, &page,
	    sql_vendors_page(db_of(&rq->task), in->q, page.after_text, page.after_id, page.count));
}

/* GET /v1/vendors/{vendor_id}: by id or slug */
void get_vendor(struct request *rq, const struct get_vendor_in *in)
{
	struct uuid id;
	bool by_id = uuid_parse(in->vendor_id, &id);

	reply_row(
	    rq, sql_vendor_get(db_of(&rq->task), by_id ? &id : NULL, by_id ? NULL : in->vendor_id));
}

/* POST /v1/vendors: a customer applies to sell, and becomes the new vendor's owner. */
void apply_vendor(struct request *rq, const struct apply_vendor_in *in)
{
	struct db *tx = db_begin(&rq->task);
	struct uuid id = uuid_v7();
	char slug[81], path[64];

	_Static_assert(sizeof("/v1/vendors/") + UUID_TEXT_LENGTH <= sizeof(path),
	               "room for the path");
	assert(rq->task.actor.kind == ACTOR_CUSTOMER); /* who becomes the owner */
	slug_choose(rq, in->slug, in->name, slug, sizeof(slug));
	assert(slug_is_valid(slug));
	snprintf(path, sizeof(path), "/v1/vendors/");
	uuid_format(id, path + strlen(path));
	reply_header(rq, "Location", path);
	consents_expect(tx, CONSENTS_OF_VENDOR, in->accepted_documents_count,
	                in->accepted_documents);
	consents_accept(tx, CONSENTS_OF_VENDOR, in->accepted_documents_count,
	                in->accepted_documents);
	reply_commit_row(rq, tx, 201,
	                 sql_vendor_apply_for(tx, &(struct vendor_apply_for_args){
	                                              .id = id,
	                                              .slug = slug,
	                                              .name = in->name,
	                                              .description = in->description,
	                                              .logo_text = in->logo_text,
	                                              .email = in->contact_email,
	                                              .phone = in->contact_phone,
	                                              .open_max = LIMIT_OPEN_APPLICATIONS,
	                                          }));
}

/* GET /v1/vendors/{vendor_id}/profile */
void get_my_vendor(struct request *rq, const struct get_my_vendor_in *in)
{
	reply_row(rq, sql_vendor_profile(db_of(&rq->task), in->vendor_id));
}

/* GET /v1/vendors/{vendor_id}/checklist */
void get_vendor_checklist(struct request *rq, const struct get_vendor_checklist_in *in)
{
	reply_list(rq, sql_vendor_checklist(db_of(&rq->task), in->vendor_id));
}

/* PATCH /v1/vendors/{vendor_id}/profile */
void update_vendor(struct request *rq, const struct update_vendor_in *in)
{
	struct db *tx = db_begin(&rq->task);
	struct vendor_update_args args = {
	    .id = in->vendor_id,
	    .if_match = request_if_match(rq),
	    .name = in->name,
	    .description = in->description,
	    .logo_text = in->logo_text,
	    .logo_given = in->logo_given,
	    .logo = media_keep(tx, UPLOAD_PURPOSE_VENDOR_LOGO, in->logo, "/logo"),
	    .banner_given = in->banner_given,
	    .banner = media_keep(tx, UPLOAD_PURPOSE_VENDOR_BANNER, in->banner, "/banner"),
	    .email = in->contact_email,
	    .phone_given = in->contact_phone_given,
	    .phone = in->contact_phone,
	};
	struct rows *changed = sql_vendor_update(tx, &args);

	if (rows_count(changed) == 0)
		request_end_changed(rq);
	reply_commit_row(rq, tx, 200, sql_vendor_profile(tx, in->vendor_id));
	cache_invalidate();
}
