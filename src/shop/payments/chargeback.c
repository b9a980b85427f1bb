/*
 * chargeback: the deliverer of the topic `chargebacks`. A row names a chargeback by the provider's
 * id; the provider is asked what became of it, and gets the evidence when it is time.
 */
#include <assert.h>
#include <jansson.h>
#include <string.h>

#include "base/json_tree.h"
#include "chargeback.sql.h"
#include "net/log.h"
#include "shop/feed/feed.h"
#include "shop/payments/attempt.h"

enum { LOOKED_MAX = 100 }; /* per run of the job, each a call */

static const char *reference_of(struct arena *arena, const char *payload)
{
	const char *text = json_string_value(
	    json_object_get(json_of_database(arena, payload, strlen(payload)), "reference"));

	assert(text != NULL); /* as it was written */
	return text;
}

/* NULL: none is to be sent. */
static const struct chargeback_to_send_row *evidence_due(struct task *task, const char *provider,
                                                         const char *reference)
{
	struct db *db = db_of(task);
	const struct chargeback_seal_row *sealed =
	    sql_chargeback_seal_rows(db, sql_chargeback_seal(db, provider, reference), NULL);

	if (sealed->id == NULL)
		return NULL;
	return sql_chargeback_to_send_rows(db, sql_chargeback_to_send(db, *sealed->id), NULL);
}

static struct chargeback_answer ask(struct task *task, const struct payment_provider *provider,
                                    const char *reference, const struct chargeback_to_send_row *due)
{
	struct chargeback_evidence evidence;

	assert(!db_has_transaction(task));
	if (due == NULL)
		return provider->chargeback(task, payment_settings(), reference, NULL);
	evidence = (struct chargeback_evidence){
	    .occasion = due->occasion,
	    .text = due->text,
	    .goods = due->goods,
	    .customer = due->customer,
	    .address = due->address,
	    .carrier = due->carrier,
	    .tracking_number = due->tracking_number,
	    .shipped_on = due->shipped_on,
	};
	return provider->chargeback(task, payment_settings(), reference, &evidence);
}

static bool is_known(const struct chargeback_answer *answer)
{
	return answer->word == PAYMENT_CAPTURED && answer->payment != NULL && answer->amount > 0;
}

/* False: it is of no payment of ours. */
static bool write(struct task *task, const struct payment_provider *provider, const char *reference,
                  const struct chargeback_answer *answer, const struct chargeback_to_send_row *due)
{
	struct db *tx = db_begin_as(task, PG_JOBS);
	struct db *chain = db_chain(tx);
	struct uuid ours = {0};
	const struct chargeback_attempt_row *attempt;
	size_t count;

	uuid_parse(answer->payment, &ours); /* else it is the provider's */
	attempt = sql_chargeback_attempt_rows(
	    tx, sql_chargeback_attempt(tx, provider->name, answer->payment, ours), &count);

	if (count > 0) {
		sql_chargeback_sub_orders_lock(chain, attempt->id);
		if (due != NULL && answer->is_refused)
			sql_chargeback_refused(chain, due->id);
		else if (due != NULL)
			sql_chargeback_sent(chain, due->id);
		sql_chargeback_note(
		    chain,
		    &(struct chargeback_note_args){
		        .attempt = attempt->id,
		        .reference = reference,
		        .amount = answer->amount,
		        .reason = answer->reason,
		        .state = answer->state,
		        .fee = answer->fee,
		        .respond_by = answer->respond_by_us != 0 ? &answer->respond_by_us : NULL,
		    });
		feed_notify(chain);
		db_run(chain);
	}
	db_commit(tx);
	return count > 0;
}

static void look(struct task *task, struct delivery *delivery)
{
	const struct payment_provider *provider = payment_provider_named(delivery->destination);
	const char *reference = reference_of(task->arena, delivery->payload);
	const struct chargeback_to_send_row *due;
	struct chargeback_answer answer;

	assert(provider != NULL && provider->chargeback != NULL);
	if (!delivery_begin(delivery))
		return;
	due = evidence_due(task, provider->name, reference);
	answer = ask(task, provider, reference, due);
	delivery_allow_time(task);
	if (answer.word == PAYMENT_UNSENT) {
		delivery_unsent(delivery);
	} else if (is_known(&answer)) {
		if (!write(task, provider, reference, &answer, due))
			LOG_WARNING("a chargeback is of no payment of ours",
			            log_str("provider", provider->name),
			            log_str("reference", reference));
		delivery_done(delivery);
	} else if (answer.word == PAYMENT_ABSENT) {
		delivery_skip(delivery);
	} else {
		delivery_unreachable(delivery, 0, PAYMENT_WORDS[answer.word]);
	}
}

void chargebacks_deliver(struct task *task, struct delivery rows[], size_t count)
{
	assert(count > 0);
	for (size_t i = 0; i < count; i++)
		look(task, &rows[i]);
}

void chargebacks_look(struct task *task)
{
	struct db *tx = db_begin(task);

	sql_chargebacks_look(tx, LOOKED_MAX);
	db_commit(tx);
}
