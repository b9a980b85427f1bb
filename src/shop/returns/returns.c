/*
 * returns: a customer sends goods back, the vendor takes them back and refunds them. Who may take a
 * return where, says return_moves() in the database.
 */
#include "shop/returns/returns.h"

#include <assert.h>

#include "api.gen.h"
#include "base/limits.h"
#include "returns.sql.h"
#include "shop/feed/feed.h"
#include "shop/orders/orders.h"
#include "shop/returns/evidence.h"
#include "web/page.h"
#include "web/reply.h"

static struct rows *read_return(struct db *db, struct uuid id, bool with_files)
{
	return sql_returns_page(db, &(struct returns_page_args){
	                                .id = &id,
	                                .overseen = db_task(db)->actor.kind == ACTOR_ADMIN,
	                                .with_files = with_files,
	                                .after_id = id,
	                                .page_size = 1,
	                            });
}

/* GET …/returns/{return_id} */
void get_return(struct request *rq, const struct get_return_in *in)
{
	struct rows *rows = read_return(db_of(&rq->task), in->return_id, true);

	if (rows_count(rows) == 0)
		task_end(&rq->task, PROBLEM_NOT_FOUND, "Return not found.");
	evidence_show(rq, rows, "files");
	reply_row(rq, rows);
}

static const char *status_of(const enum return_status_choice *status)
{
	return status != NULL ? RETURN_STATUS_NAMES[*status] : NULL;
}

/* GET /v1/returns */
void list_my_returns(struct request *rq, const struct list_my_returns_in *in)
{
	struct page page = page_open(rq, in->cursor, in->limit, 0, PAGE_DESCENDING);

	reply_page(rq, &page,
	           sql_returns_page(db_of(&rq->task), &(struct returns_page_args){
	                                                  .sub_order = in->sub_order_id,
	                                                  .status = status_of(in->status),
	                                                  .after_id = page.after_id,
	                                                  .page_size = page.count,
	                                              }));
}

/* GET /v1/vendors/{vendor_id}/returns */
void list_vendor_returns(struct request *rq, const struct list_vendor_returns_in *in)
{
	struct page page = page_open(rq, in->cursor, in->limit, 0, PAGE_DESCENDING);

	reply_page(rq, &page,
	           sql_returns_page(db_of(&rq->task), &(struct returns_page_args){
	                                                  .vendor = &in->vendor_id,
	                                                  .sub_order = in->sub_order_id,
	                                                  .status = status_of(in->status),
	                                                  .after_id = page.after_id,
	                                                  .page_size = page.count,
	                                              }));
}

/* GET /v1/admin/returns */
void admin_list_returns(struct request *rq, const struct admin_list_returns_in *in)
{
	struct page page = page_open(rq, in->cursor, in->limit, 0, PAGE_DESCENDING);
	struct uuid vendor;
	bool by_id = in->vendor != NULL && uuid_parse(in->vendor, &vendor);

	reply_page(rq, &page,
	           sql_returns_page(db_of(&rq->task), &(struct returns_page_args){
	                                                  .vendor = by_id ? &vendor : NULL,
	                                                  .slug = by_id ? NULL : in->vendor,
	                                                  .sub_order = in->sub_order_id,
	                                                  .status = status_of(in->status),
	                                                  .overseen = true,
	                                                  .overdue = in->overdue,
	                                                  .after_id = page.after_id,
	                                                  .page_size = page.count,
	                                              }));
}

/* Writes and replies with the return, without links to its files. */
static void reply_return(struct request *rq, struct db *tx, struct db *chain, int status,
                         struct uuid id)
{
	struct rows *rows;

	feed_notify(chain);
	rows = read_return(chain, id, false);
	db_run(chain);
	reply_commit_row(rq, tx, status, rows);
}

static void insert_files(struct db *chain, struct uuid id, size_t count, const struct uuid ids[],
                         const char *const files[])
{
	struct return_files_insert_files *rows =
	    arena_array(db_task(chain)->arena, count, sizeof(rows[0]));

	assert(count <= LIMIT_EVIDENCE_FILES);
	if (count == 0)
		return;
	for (size_t i = 0; i < count; i++)
		rows[i] = (struct return_files_insert_files){.upload = ids[i], .file = files[i]};
	sql_return_files_insert(chain, id, count, rows);
}

/* POST /v1/sub-orders/{sub_order_id}/returns */
void request_return(struct request *rq, const struct request_return_in *in)
{
	const char *const *files =
	    evidence_find(db_of(&rq->task), in->upload_ids_count, in->upload_ids);
	struct uuid id = uuid_v7();
	struct return_request_lines *lines =
	    arena_array(rq->task.arena, in->lines_count, sizeof(lines[0]));
	struct db *tx = db_begin(&rq->task);
	struct db *chain = db_chain(tx);

	for (size_t i = 0; i < in->lines_count; i++)
		lines[i] = (struct return_request_lines){.line = in->lines[i].line_id,
		                                         .quantity = in->lines[i].quantity};
	sql_return_of_sub_order_lock(tx, in->sub_order_id);
	sql_return_request(chain, id, in->sub_order_id, in->lines_count, lines,
	                   RETURN_REASON_NAMES[in->reason], in->comment);
	insert_files(chain, id, in->upload_ids_count, in->upload_ids, files);
	reply_return(rq, tx, chain, 201, id);
}

/* A move that changes nothing but the return. */
static void move(struct request *rq, const struct return_move_args *args)
{
	struct db *tx = db_begin(&rq->task);
	struct db *chain = db_chain(tx);

	sql_return_lock(tx, args->id);
	sql_return_move(chain, args);
	reply_return(rq, tx, chain, 200, args->id);
}

/* POST /v1/returns/{return_id}/cancel */
void cancel_return(struct request *rq, const struct cancel_return_in *in)
{
	move(rq, &(struct return_move_args){
	             .id = in->return_id,
	             .target = RETURN_STATUS_NAMES[RETURN_STATUS_CANCELLED],
	             .reason = in->reason,
	         });
}

/* POST /v1/returns/{return_id}/ship */
void ship_return(struct request *rq, const struct ship_return_in *in)
{
	move(rq, &(struct return_move_args){
	             .id = in->return_id,
	             .target = RETURN_STATUS_NAMES[RETURN_STATUS_SHIPPED],
	             .carrier = in->carrier,
	             .tracking_number = in->tracking_number,
	         });
}

/* POST …/returns/{return_id}/approve */
void approve_return(struct request *rq, const struct approve_return_in *in)
{
	move(rq, &(struct return_move_args){
	             .id = in->return_id,
	             .target = RETURN_STATUS_NAMES[RETURN_STATUS_APPROVED],
	             .instructions = in->instructions,
	         });
}

/* POST …/returns/{return_id}/refuse */
void refuse_return(struct request *rq, const struct refuse_return_in *in)
{
	move(rq, &(struct return_move_args){
	             .id = in->return_id,
	             .target = RETURN_STATUS_NAMES[RETURN_STATUS_REFUSED],
	             .reason = in->reason,
	         });
}

/* POST …/returns/{return_id}/receive */
void receive_return(struct request *rq, const struct receive_return_in *in)
{
	move(rq, &(struct return_move_args){
	             .id = in->return_id,
	             .target = RETURN_STATUS_NAMES[RETURN_STATUS_RECEIVED],
	         });
}

/* POST …/returns/{return_id}/inspect */
void inspect_return(struct request *rq, const struct inspect_return_in *in)
{
	struct return_accept_lines *lines =
	    arena_array(rq->task.arena, in->lines_count, sizeof(lines[0]));
	struct db *tx = db_begin(&rq->task);
	struct db *chain = db_chain(tx);

	for (size_t i = 0; i < in->lines_count; i++)
		lines[i] = (struct return_accept_lines){.line = in->lines[i].line_id,
		                                        .quantity = in->lines[i].accepted_quantity,
		                                        .restock = in->lines[i].restock};
	sql_return_lock(tx, in->return_id);
	sql_return_move(chain, &(struct return_move_args){
	                           .id = in->return_id,
	                           .target = RETURN_STATUS_NAMES[RETURN_STATUS_INSPECTED],
	                           .reason = in->note,
	                       });
	sql_return_accept(chain, in->return_id, in->lines_count, lines);
	reply_return(rq, tx, chain, 200, in->return_id);
}

/* What the refund of a return has. Ends the task (409) when nothing of it is to be refunded. */
static struct order_refund refund_of(struct db *chain, struct uuid sub_order_id,
                                     const struct rows *asked, const char *reason)
{
	size_t count;
	const struct return_accepted_row *rows = sql_return_accepted_rows(chain, asked, &count);
	struct refund_line_input_in *lines =
	    arena_array(db_task(chain)->arena, count, sizeof(lines[0]));

	if (count == 0)
		task_end(db_task(chain), PROBLEM_CONFLICT,
		         "Only what was inspected and accepted is refunded.");
	for (size_t i = 0; i < count; i++)
		lines[i] = (struct refund_line_input_in){.line_id = rows[i].line,
		                                         .quantity = rows[i].quantity,
		                                         .restock = rows[i].restock};
	return (struct order_refund){
	    .id = uuid_v7(),
	    .sub_order_id = sub_order_id,
	    .line_count = count,
	    .lines = lines,
	    .goodwill_by = GOODWILL_BY_NAMES[GOODWILL_BY_VENDOR],
	    .reason = reason,
	};
}

/* POST …/returns/{return_id}/refund */
void refund_return(struct request *rq, const struct refund_return_in *in)
{
	struct db *tx = db_begin(&rq->task);
	struct db *chain = db_chain(tx);
	struct rows *locked = sql_return_lock(chain, in->return_id);
	struct rows *accepted = sql_return_accepted(chain, in->return_id);
	struct order_refund refund;

	db_run(chain);
	refund = refund_of(chain, sql_return_lock_rows(chain, locked, NULL)->sub_order_id, accepted,
	                   in->reason != NULL ? in->reason : "Returned");
	if (in->shipping != NULL) {
		refund.shipping = in->shipping->amount;
		refund.shipping_currency = in->shipping->currency;
	}
	sql_return_refunding(chain, in->return_id);
	orders_grant_refund(chain, &refund);
	sql_return_move(chain, &(struct return_move_args){
	                           .id = in->return_id,
	                           .target = RETURN_STATUS_NAMES[RETURN_STATUS_REFUNDED],
	                           .refund = &refund.id,
	                       });
	reply_return(rq, tx, chain, 200, in->return_id);
}
