/*
 * fetched: what became of the images of products that are fetched from other servers.
 */
#include "api.gen.h"
#include "fetched.sql.h"
#include "web/reply.h"

enum { COUNTED_MAX = 1000 * 1000 };

/* GET /v1/vendors/{vendor_id}/fetched_images */
void count_fetched_images(struct request *rq, const struct count_fetched_images_in *in)
{
	reply_row(rq, sql_fetched_images(db_of(&rq->task), in->vendor_id, COUNTED_MAX));
}

/* GET /v1/vendors/{vendor_id}/fetched_images/failed */
void list_failed_images(struct request *rq, const struct list_failed_images_in *in)
{
	struct page page = page_open(rq, in->cursor, in->limit, 0, PAGE_DESCENDING);

	reply_page(rq, &page,
	           sql_failed_images_page(db_of(&rq->task), in->vendor_id, page.after_key,
	                                  page.after_id, page.count));
}
