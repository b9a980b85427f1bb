/*
 * audit: the log of writes by staff and admins.
 */
#include "api.gen.h"
#include "audit.sql.h"
#include "shop/platform/platform.h"
#include "web/page.h"
#include "web/reply.h"

void platform_audit_reason(struct db *db, const char *reason)
{
	sql_audit_reason(db, reason);
}

/* GET /v1/admin/audit */
void list_audit(struct request *rq, const struct list_audit_in *in)
{
	struct page page = page_open(rq, in->cursor, in->limit, 0, PAGE_DESCENDING);
	struct uuid vendor_id;
	bool by_id = in->vendor != NULL && uuid_parse(in->vendor, &vendor_id);

	reply_page(
	    rq, &page,
	    sql_admin_audit_page(
	        db_of(&rq->task),
	        &(struct admin_audit_page_args){
	            .account = in->user_id,
	            .vendor = by_id ? &vendor_id : NULL,
	            .vendor_slug = by_id ? NULL : in->vendor,
	            .action = in->action != NULL ? LIST_AUDIT_ACTION_NAMES[*in->action] : NULL,
	            .object = in->object_id,
	            .after_key = page.after_key,
	            .after_id = page.after_id,
	            .page_size = page.count,
	        }));
}
