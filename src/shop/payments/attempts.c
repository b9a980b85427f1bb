/* attempts: how customers pay, as requests. */
#include <assert.h>
#include <string.h>

#include "api.gen.h"
#include "attempts.sql.h"
#include "base/limits.h"
#include "shop/payments/attempt.h"
#include "shop/payments/return_url.h"
#include "web/idempotency.h"
#include "web/reply.h"

static const struct payment_provider *provider_of(struct request *rq,
                                                  const struct order_to_pay_row *order)
{
	const struct payment_provider *provider = payment_provider_named(order->method);

	if (provider == NULL)
		task_end(&rq->task, PROBLEM_CONFLICT, "The payment method of the order is %s.",
		         order->method);
	if (!provider->offers(payment_settings(), order->currency))
		task_end(&rq->task, PROBLEM_CONFLICT, "No payments are taken by %s now.",
		         order->method);
	return provider;
}

static void check(struct request *rq, const struct create_payment_attempt_in *in,
                  const struct order_to_pay_row *order)
{
	const struct payment_provider *provider = provider_of(rq, order);

	if (in->token != NULL && !(provider->can & PAYMENT_TAKES_TOKENS))
		task_end_field(&rq->task, "/token", "unknown", "Only the sandbox takes a token.");
	if (in->return_url != NULL && !return_url_is_good(rq, payment_settings(), in->return_url))
		task_end_field(&rq->task, "/return_url", "unknown",
		               "must be of this server, of an origin in SEBEZ_ORIGINS, or one that "
		               "SEBEZ_RETURN_URLS allows");
	if (order->due == 0)
		task_end(&rq->task, PROBLEM_CONFLICT, "The order does not wait for a payment.");
	if (order->under_way)
		task_end(&rq->task, PROBLEM_CONFLICT,
		         "An earlier attempt may still succeed; its outcome is not known yet.");
	if (order->tried >= LIMIT_PAYMENT_ATTEMPTS)
		task_end(&rq->task, PROBLEM_CONFLICT, "An order has at most %d attempts.",
		         LIMIT_PAYMENT_ATTEMPTS);
}

/* The attempt of the request's key, if an earlier request got so far. */
static bool find_earlier(struct request *rq, struct db *db, struct uuid order_id, struct uuid *ret)
{
	const struct attempt_of_key_row *row;
	size_t count;

	row = sql_attempt_of_key_rows(db, sql_attempt_of_key(db, rq->idempotency->key), &count);
	if (count == 0)
		return false;
	if (!uuid_equal(row->order_id, order_id))
		task_end(&rq->task, PROBLEM_KEY_REUSED, "The key was used to pay another order.");
	*ret = row->id;
	return true;
}

/* Phase 1: the attempt is there, whoever wrote it. */
static struct uuid prepare(struct request *rq, const struct create_payment_attempt_in *in)
{
	struct db *db = db_of(&rq->task);
	const struct order_to_pay_row *order =
	    sql_order_to_pay_rows(db, sql_order_to_pay(db, in->order_id), NULL);
	struct uuid id = uuid_v7();
	bool found;

	if (find_earlier(rq, db, in->order_id, &id))
		return id;
	check(rq, in, order);
	sql_attempt_insert(db, &(struct attempt_insert_args){
	                           .id = id,
	                           .order = in->order_id,
	                           .provider = order->method,
	                           .amount = order->due,
	                           .currency = order->currency,
	                           .key = rq->idempotency->key,
	                           .token = in->token,
	                           .return_url = in->return_url,
	                           .expires_at = order->expires_at,
	                       });
	found = find_earlier(rq, db, in->order_id, &id);
	assert(found);
	return id;
}

/* POST /v1/orders/{order_id}/payment-attempts */
void create_payment_attempt(struct request *rq, const struct create_payment_attempt_in *in)
{
	struct uuid id;
	struct db *batch;

	assert(rq->idempotency != NULL); /* the contract requires a key */
	id = prepare(rq, in);
	attempt_carry_on(&rq->task, id, request_origin(rq));
	batch = db_batch(&rq->task);
	reply_commit_row(rq, batch, 201, sql_attempts_read(batch, in->order_id, &id));
}

static void reply_attempt(struct request *rq, struct uuid order_id, struct uuid id)
{
	const struct rows *rows = sql_attempts_read(db_of(&rq->task), order_id, &id);

	if (rows_count(rows) == 0)
		task_end(&rq->task, PROBLEM_NOT_FOUND, "Attempt not found.");
	reply_row(rq, rows);
}

/* GET /v1/orders/{order_id}/payment-attempts/{attempt_id} */
void get_payment_attempt(struct request *rq, const struct get_payment_attempt_in *in)
{
	reply_attempt(rq, in->order_id, in->attempt_id);
}

/* POST /v1/orders/{order_id}/payment-attempts/{attempt_id}/check */
void check_payment_attempt(struct request *rq, const struct check_payment_attempt_in *in)
{
	const struct rows *rows =
	    sql_attempts_read(db_of(&rq->task), in->order_id, &in->attempt_id);

	if (rows_count(rows) == 0)
		task_end(&rq->task, PROBLEM_NOT_FOUND, "Attempt not found.");
	attempt_carry_on(&rq->task, in->attempt_id, NULL);
	reply_attempt(rq, in->order_id, in->attempt_id);
}

/* GET /v1/orders/{order_id}/payment-attempts, and of admins */
void list_payment_attempts(struct request *rq, const struct list_payment_attempts_in *in)
{
	struct db *db = db_of(&rq->task);

	sql_order_to_pay(db, in->order_id); /* 404 when there is no such order */
	reply_list(rq, sql_attempts_read(db, in->order_id, NULL));
}

/* GET /v1/admin/orders/{order_id}/payment-refunds */
void list_payment_refunds(struct request *rq, const struct list_payment_refunds_in *in)
{
	struct db *db = db_of(&rq->task);

	sql_order_to_pay(db, in->order_id);
	reply_list(rq, sql_refunds_read(db, in->order_id));
}
