/* methods: how orders can be paid here. */
#include "api.gen.h"
#include "payment_methods.sql.h"
#include "shop/payments/provider.h"
#include "web/reply.h"

static void add_offer(struct json *json, const char *method, bool is_online)
{
	json_open_object(json);
	json_put_str(json, "method", method);
	json_key(json, "is_online");
	json_bool(json, is_online);
	json_key(json, "minutes");
	if (is_online)
		json_int(json, payments_minutes());
	else
		json_nil(json);
	json_close_object(json);
}

/* GET /v1/payment-methods */
void list_payment_methods(struct request *rq, const struct list_payment_methods_in *in)
{
	struct db *db = db_of(&rq->task);
	const struct marketplace_currency_of_row *platform =
	    sql_marketplace_currency_of_rows(db, sql_marketplace_currency_of(db), NULL);
	struct buf body = buf_new(rq->task.arena, 512);
	struct json json = json_new(&body);

	(void)in;
	json_open_object(&json);
	json_key(&json, "items");
	json_open_array(&json);
	add_offer(&json, "cash_on_delivery", false);
	add_offer(&json, "manual", false);
	for (size_t i = 0; PAYMENT_PROVIDERS[i] != NULL; i++)
		if (payments_offer(PAYMENT_PROVIDERS[i]->name, platform->currency))
			add_offer(&json, PAYMENT_PROVIDERS[i]->name, true);
	json_close_array(&json);
	json_key(&json, "next_cursor");
	json_nil(&json);
	json_close_object(&json);
	reply_json(rq, 200, &body);
}
