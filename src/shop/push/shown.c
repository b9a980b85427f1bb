/* /dev/push */
#include "api.gen.h"
#include "shop/push/show.h"

/* GET /dev/push */
void list_dev_pushes(struct request *rq, const struct list_dev_pushes_in *in)
{
	(void)in;
	dev_list_reply(rq, push_show_redis(), &PUSHES_SHOWN);
}
