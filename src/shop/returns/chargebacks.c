/*
 * chargebacks: what vendors and admins see of chargebacks, and say to the bank.
 */
#include <assert.h>

#include "api.gen.h"
#include "base/limits.h"
#include "chargebacks.sql.h"
#include "shop/returns/evidence.h"
#include "web/page.h"
#include "web/reply.h"

/* vendor: who reads it; NULL: an admin. */
static struct rows *read_chargeback(struct db *db, struct uuid id, const struct uuid *vendor,
                                    bool with_evidence)
{
	return sql_chargebacks_page(db, &(struct chargebacks_page_args){
	                                    .id = &id,
	                                    .vendor = vendor,
	                                    .with_evidence = with_evidence,
	                                    .after_id = id,
	                                    .page_size = 1,
	                                });
}

/* GET …/chargebacks/{chargeback_id} */
void get_chargeback(struct request *rq, const struct get_chargeback_in *in)
{
	struct rows *rows =
	    read_chargeback(db_of(&rq->task), in->chargeback_id, in->vendor_id, true);

	if (rows_count(rows) == 0)
		task_end(&rq->task, PROBLEM_NOT_FOUND, "Chargeback not found.");
	evidence_show_statements(rq, rows, "evidence");
	reply_row(rq, rows);
}

static void list(struct request *rq, const struct uuid *vendor,
                 const enum chargeback_status_choice *status, const char *cursor, int32_t limit)
{
	struct page page = page_open(rq, cursor, limit, 0, PAGE_DESCENDING);

	reply_page(rq, &page,
	           sql_chargebacks_page(
	               db_of(&rq->task),
	               &(struct chargebacks_page_args){
	                   .vendor = vendor,
	                   .status = status != NULL ? CHARGEBACK_STATUS_NAMES[*status] : NULL,
	                   .after_id = page.after_id,
	                   .page_size = page.count,
	               }));
}

/* GET /v1/vendors/{vendor_id}/chargebacks */
void list_vendor_chargebacks(struct request *rq, const struct list_vendor_chargebacks_in *in)
{
	list(rq, &in->vendor_id, in->status, in->cursor, in->limit);
}

/* GET /v1/admin/chargebacks */
void admin_list_chargebacks(struct request *rq, const struct admin_list_chargebacks_in *in)
{
	list(rq, NULL, in->status, in->cursor, in->limit);
}

static void reply_changed(struct request *rq, struct db *tx, struct db *chain, struct uuid id,
                          const struct uuid *vendor)
{
	struct rows *rows = read_chargeback(chain, id, vendor, false);

	db_run(chain);
	reply_commit_row(rq, tx, 200, rows);
}

/* POST …/chargebacks/{chargeback_id}/evidence */
void add_chargeback_evidence(struct request *rq, const struct add_chargeback_evidence_in *in)
{
	const char *const *files =
	    evidence_find(db_of(&rq->task), in->upload_ids_count, in->upload_ids);
	struct chargeback_files_insert_files *rows =
	    arena_array(rq->task.arena, in->upload_ids_count, sizeof(rows[0]));
	struct uuid id = uuid_v7();
	struct db *tx = db_begin(&rq->task);
	struct db *chain = db_chain(tx);

	assert(in->upload_ids_count <= LIMIT_EVIDENCE_FILES);
	sql_chargeback_find(tx, in->chargeback_id);
	sql_chargeback_say(chain, id, in->chargeback_id, in->text);
	for (size_t i = 0; i < in->upload_ids_count; i++)
		rows[i] = (struct chargeback_files_insert_files){.upload = in->upload_ids[i],
		                                                 .file = files[i]};
	if (in->upload_ids_count > 0)
		sql_chargeback_files_insert(chain, id, in->upload_ids_count, rows);
	reply_changed(rq, tx, chain, in->chargeback_id, in->vendor_id);
}

/* POST /v1/admin/chargebacks/{chargeback_id}/send */
void send_chargeback_evidence(struct request *rq, const struct send_chargeback_evidence_in *in)
{
	struct db *tx = db_begin(&rq->task);
	struct db *chain = db_chain(tx);

	sql_chargeback_send(chain, in->chargeback_id);
	reply_changed(rq, tx, chain, in->chargeback_id, NULL);
}
