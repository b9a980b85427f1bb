/* suppressions: addresses that get no mails, as admins see them. */
#include <string.h>

#include "api.gen.h"
#include "base/email.h"
#include "mail.sql.h"
#include "web/page.h"
#include "web/reply.h"

/* GET /v1/admin/mail/suppressions */
void list_mail_suppressions(struct request *rq, const struct list_mail_suppressions_in *in)
{
	struct page page = page_open(rq, in->cursor, in->limit, 0, PAGE_DESCENDING);

	reply_page(rq, &page,
	           sql_mail_suppressions(db_of(&rq->task), in->address, page.after_key,
	                                 page.after_id, page.count));
}

/* DELETE /v1/admin/mail/suppressions/{suppression_id} */
void remove_mail_suppression(struct request *rq, const struct remove_mail_suppression_in *in)
{
	sql_mail_suppression_remove(db_of(&rq->task), in->suppression_id);
	reply_empty(rq);
}
