/*
 * platform: the marketplace's settings, and the log of what staff and admins wrote.
 */
#include "admin.sql.h"
#include "api.gen.h"
#include "web/page.h"
#include "web/reply.h"

/* GET /v1/admin/settings */
void get_settings(struct request *rq, const struct get_settings_in *in)
{
	reply_row(rq, sql_admin_settings(db_of(&rq->task)));
}

/* PUT /v1/admin/settings */
void put_settings(struct request *rq, const struct put_settings_in *in)
{
	struct db *tx = db_begin(&rq->task);
	struct rows *changed = sql_admin_settings_put(
	    tx, request_if_match(rq), in->service_fee_fixed.amount, in->service_fee_fixed.currency,
	    in->service_fee_basis_points, in->commission_basis_points, in->payment_hours,
	    in->accept_hours, in->ship_grace_days, in->complete_days);

	if (rows_count(changed) == 0)
		request_end_changed(rq);
	reply_commit_row(rq, tx, 200, changed);
}

/* GET /v1/admin/audit */
void list_audit(struct request *rq, const struct list_audit_in *in)
{
	struct page page = page_open(rq, in->cursor, in->limit, 0, PAGE_DESCENDING);
	struct uuid vendor_id;
	bool by_id = in->vendor && uuid_parse(in->vendor, &vendor_id);

	reply_page(rq, &page,
	           sql_admin_audit_page(db_of(&rq->task), in->user_id, by_id ? &vendor_id : NULL,
	                                by_id ? NULL : in->vendor,
	                                in->action ? LIST_AUDIT_ACTION_NAMES[*in->action] : NULL,
	                                in->object_id, page.after_key, page.after_id, page.count));
}
