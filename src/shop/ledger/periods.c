/* periods: months of the ledger, which are closed one after the other. */
#include <assert.h>

#include "api.gen.h"
#include "periods.sql.h"
#include "shop/ledger/month.h"
#include "web/reply.h"

/* GET /v1/admin/money/periods */
void list_periods(struct request *rq, const struct list_periods_in *in)
{
	reply_list(rq, sql_periods_list(db_of(&rq->task)));
}

/* POST /v1/admin/money/periods/{month}/close */
void close_period(struct request *rq, const struct close_period_in *in)
{
	month_check(&rq->task, in->month);
	struct db *tx = db_begin(&rq->task);
	const struct rows *closed = sql_period_close(tx, uuid_v7(), in->month, in->note);

	assert(rows_count(closed) == 1);
	reply_commit_row(rq, tx, 200, sql_period_read(tx, in->month));
}
