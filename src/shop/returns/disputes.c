/*
 * disputes: a customer says that something is wrong with a sub-order, the vendor answers, an admin
 * decides. Who may take one where, says dispute_moves() in the database.
 */
#include <assert.h>
#include <string.h>

#include "api.gen.h"
#include "base/limits.h"
#include "disputes.sql.h"
#include "shop/feed/feed.h"
#include "shop/orders/orders.h"
#include "shop/returns/evidence.h"
#include "web/page.h"
#include "web/reply.h"

static struct rows *read_dispute(struct db *db, struct uuid id, bool with_statements)
{
	return sql_disputes_page(db, &(struct disputes_page_args){
	                                 .id = &id,
	                                 .overseen = db_task(db)->actor.kind == ACTOR_ADMIN,
	                                 .with_statements = with_statements,
	                                 .after_id = id,
	                                 .page_size = 1,
	                             });
}

/* GET …/disputes/{dispute_id} */
void get_dispute(struct request *rq, const struct get_dispute_in *in)
{
	struct rows *rows = read_dispute(db_of(&rq->task), in->dispute_id, true);

	if (rows_count(rows) == 0)
		task_end(&rq->task, PROBLEM_NOT_FOUND, "Dispute not found.");
	evidence_show_statements(rq, rows, "statements");
	reply_row(rq, rows);
}

static const char *status_of(const enum dispute_status_choice *status)
{
	return status != NULL ? DISPUTE_STATUS_NAMES[*status] : NULL;
}

/* GET /v1/disputes */
void list_my_disputes(struct request *rq, const struct list_my_disputes_in *in)
{
	struct page page = page_open(rq, in->cursor, in->limit, 0, PAGE_DESCENDING);

	reply_page(rq, &page,
	           sql_disputes_page(db_of(&rq->task), &(struct disputes_page_args){
	                                                   .sub_order = in->sub_order_id,
	                                                   .status = status_of(in->status),
	                                                   .after_id = page.after_id,
	                                                   .page_size = page.count,
	                                               }));
}

/* GET /v1/vendors/{vendor_id}/disputes */
void list_vendor_disputes(struct request *rq, const struct list_vendor_disputes_in *in)
{
	struct page page = page_open(rq, in->cursor, in->limit, 0, PAGE_DESCENDING);

	reply_page(rq, &page,
	           sql_disputes_page(db_of(&rq->task), &(struct disputes_page_args){
	                                                   .vendor = &in->vendor_id,
	                                                   .sub_order = in->sub_order_id,
	                                                   .status = status_of(in->status),
	                                                   .after_id = page.after_id,
	                                                   .page_size = page.count,
	                                               }));
}

/* GET /v1/admin/disputes */
void admin_list_disputes(struct request *rq, const struct admin_list_disputes_in *in)
{
	struct page page = page_open(rq, in->cursor, in->limit, 0, PAGE_DESCENDING);
	struct uuid vendor;
	bool by_id = in->vendor != NULL && uuid_parse(in->vendor, &vendor);

	reply_page(rq, &page,
	           sql_disputes_page(db_of(&rq->task), &(struct disputes_page_args){
	                                                   .vendor = by_id ? &vendor : NULL,
	                                                   .slug = by_id ? NULL : in->vendor,
	                                                   .sub_order = in->sub_order_id,
	                                                   .status = status_of(in->status),
	                                                   .overseen = true,
	                                                   .after_id = page.after_id,
	                                                   .page_size = page.count,
	                                               }));
}

/* Writes and replies with the dispute, without its statements. */
static void reply_dispute(struct request *rq, struct db *tx, struct db *chain, int status,
                          struct uuid id)
{
	struct rows *rows;

	feed_notify(chain);
	rows = read_dispute(chain, id, false);
	db_run(chain);
	reply_commit_row(rq, tx, status, rows);
}

/* What somebody says, with the files that evidence_find() has found. */
static void say(struct db *chain, struct uuid dispute_id, const char *text, size_t count,
                const struct uuid ids[], const char *const files[])
{
	struct dispute_files_insert_files *rows =
	    arena_array(db_task(chain)->arena, count, sizeof(rows[0]));
	struct uuid id = uuid_v7();

	assert(count <= LIMIT_EVIDENCE_FILES && text != NULL);
	sql_dispute_say(chain, id, dispute_id, text);
	if (count == 0)
		return;
	for (size_t i = 0; i < count; i++)
		rows[i] = (struct dispute_files_insert_files){.upload = ids[i], .file = files[i]};
	sql_dispute_files_insert(chain, id, count, rows);
}

/* POST /v1/sub-orders/{sub_order_id}/disputes */
void open_dispute(struct request *rq, const struct open_dispute_in *in)
{
	const char *const *files =
	    evidence_find(db_of(&rq->task), in->upload_ids_count, in->upload_ids);
	struct uuid id = uuid_v7();
	struct db *tx = db_begin(&rq->task);
	struct db *chain = db_chain(tx);

	sql_dispute_sub_order_lock(tx, in->sub_order_id);
	sql_dispute_open(chain, id, in->sub_order_id, DISPUTE_REASON_NAMES[in->reason]);
	say(chain, id, in->text, in->upload_ids_count, in->upload_ids, files);
	reply_dispute(rq, tx, chain, 201, id);
}

/* POST …/disputes/{dispute_id}/statements */
void add_dispute_statement(struct request *rq, const struct add_dispute_statement_in *in)
{
	const char *const *files =
	    evidence_find(db_of(&rq->task), in->upload_ids_count, in->upload_ids);
	struct db *tx = db_begin(&rq->task);
	struct db *chain = db_chain(tx);

	sql_dispute_lock(tx, in->dispute_id);
	say(chain, in->dispute_id, in->text, in->upload_ids_count, in->upload_ids, files);
	reply_dispute(rq, tx, chain, 200, in->dispute_id);
}

/* POST /v1/disputes/{dispute_id}/withdraw */
void withdraw_dispute(struct request *rq, const struct withdraw_dispute_in *in)
{
	struct db *tx = db_begin(&rq->task);
	struct db *chain = db_chain(tx);

	sql_dispute_lock(tx, in->dispute_id);
	sql_dispute_move(chain, in->dispute_id, DISPUTE_STATUS_NAMES[DISPUTE_STATUS_WITHDRAWN],
	                 NULL, NULL);
	reply_dispute(rq, tx, chain, 200, in->dispute_id);
}

/* All that is left of its goods and shipping. */
static void add_all(struct arena *arena, size_t count, const struct dispute_left_row rows[],
                    struct order_refund *refund)
{
	struct refund_line_input_in *lines = arena_array(arena, count, sizeof(lines[0]));

	for (size_t i = 0; i < count; i++)
		if (rows[i].line != NULL)
			lines[refund->line_count++] = (struct refund_line_input_in){
			    .line_id = *rows[i].line, .quantity = *rows[i].quantity};
	refund->lines = lines;
	refund->shipping = rows[0].shipping;
}

/* So much of what is left. Ends the task (400) when it is more. */
static void add_amount(struct request *rq, const struct money *amount,
                       const struct dispute_left_row *left, struct order_refund *refund)
{
	if (strcmp(amount->currency, left->currency) != 0)
		task_end_field(&rq->task, "/amount/currency", "currency",
		               "The currency of the order is %s.", left->currency);
	if (amount->amount > left->owed)
		task_end_field(&rq->task, "/amount/amount", "maximum",
		               "It is more than what is left to be refunded.");
	refund->goodwill = amount->amount;
	refund->goodwill_currency = amount->currency;
}

/* Ends the task (400) when an amount is given without need, or missing. */
static void check_amount(struct request *rq, const struct decide_dispute_in *in)
{
	bool is_split = in->outcome == DISPUTE_OUTCOME_SPLIT;

	if (is_split && (in->amount == NULL || in->amount->amount == 0))
		task_end_field(&rq->task, "/amount", "required", "Say what the customer gets.");
	if (!is_split && in->amount != NULL)
		task_end_field(&rq->task, "/amount", "unexpected",
		               "An amount is only for the outcome split.");
}

static void refund_outcome(struct request *rq, struct db *tx, struct db *chain,
                           const struct decide_dispute_in *in, struct uuid sub_order_id)
{
	struct order_refund refund = {
	    .id = uuid_v7(),
	    .sub_order_id = sub_order_id,
	    .goodwill_by = GOODWILL_BY_NAMES[GOODWILL_BY_VENDOR],
	    .reason = in->reason,
	};

	const struct dispute_left_row *rows;
	size_t count;

	if (in->outcome == DISPUTE_OUTCOME_VENDOR)
		return;
	rows = sql_dispute_left_rows(tx, sql_dispute_left(tx, sub_order_id), &count);
	assert(count > 0);
	if (in->outcome == DISPUTE_OUTCOME_CUSTOMER)
		add_all(rq->task.arena, count, rows, &refund);
	else
		add_amount(rq, in->amount, rows, &refund);
	if (refund.line_count == 0 && refund.shipping == 0 && refund.goodwill == 0)
		task_end(&rq->task, PROBLEM_CONFLICT,
		         "All of it was refunded already: decide for the vendor.");
	orders_grant_refund(chain, &refund);
	sql_dispute_refunded(chain, in->dispute_id, refund.id);
}

/* POST /v1/admin/disputes/{dispute_id}/decide */
void decide_dispute(struct request *rq, const struct decide_dispute_in *in)
{
	struct db *tx = db_begin(&rq->task);
	struct db *chain = db_chain(tx);
	struct rows *locked;

	check_amount(rq, in);
	locked = sql_dispute_lock(tx, in->dispute_id);
	sql_dispute_move(chain, in->dispute_id, DISPUTE_STATUS_NAMES[DISPUTE_STATUS_DECIDED],
	                 DISPUTE_OUTCOME_NAMES[in->outcome], in->reason);
	refund_outcome(rq, tx, chain, in, sql_dispute_lock_rows(tx, locked, NULL)->sub_order_id);
	reply_dispute(rq, tx, chain, 200, in->dispute_id);
}
