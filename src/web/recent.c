#include "web/recent.h"

#include <assert.h>

#include "recent.sql.h"

void recent_require(struct request *rq)
{
	const struct actor *actor = &rq->task.actor;

	if (rq->operation->recent_s == 0)
		return;
	assert(!uuid_is_nil(actor->session_id)); /* the generator has checked who may call */
	sql_recent_require(db_of(&rq->task), actor->account_id, actor->session_id,
	                   rq->operation->recent_s);
}
