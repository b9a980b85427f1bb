/*
 * consents: the log of what people accepted and withdrew.
 */
#include "shop/consents/consents.h"

#include <assert.h>

#include "api.gen.h"
#include "consents.sql.h"
#include "web/page.h"
#include "web/reply.h"

#define ACCEPTED "/accepted_documents"

void consents_expect(struct db *db, enum consents_of who, size_t count, const struct uuid *accepted)
{
	const char *const customer[] = {DOCUMENT_KIND_NAMES[DOCUMENT_KIND_TERMS],
	                                DOCUMENT_KIND_NAMES[DOCUMENT_KIND_PRIVACY]};
	const char *const vendor[] = {DOCUMENT_KIND_NAMES[DOCUMENT_KIND_VENDOR_TERMS]};
	struct uuid_array ids = {count, accepted};

	assert(db_task(db)->actor.kind == ACTOR_CUSTOMER);
	consents_check(db, count, accepted);
	if (who == CONSENTS_OF_CUSTOMER)
		sql_documents_expect(db, (struct text_array){2, customer}, ids);
	else
		sql_documents_expect(db, (struct text_array){1, vendor}, ids);
}

void consents_accept(struct db *db, enum consents_of who, size_t count, const struct uuid *accepted)
{
	const struct actor *actor = &db_task(db)->actor;

	assert(actor->kind == ACTOR_CUSTOMER);
	if (count > 0)
		sql_consents_give(db, actor->account_id, (struct uuid_array){count, accepted},
		                  who == CONSENTS_OF_CUSTOMER ? "checkout" : "application");
}

void consents_check(struct db *tx, size_t count, const struct uuid *accepted)
{
	assert(count == 0 || accepted != NULL);
	if (count > 0)
		sql_documents_expect_latest(tx, (struct uuid_array){count, accepted}, ACCEPTED);
}

void consents_accept_new(struct db *tx, struct uuid account, size_t count,
                         const struct uuid *accepted)
{
	consents_check(tx, count, accepted);
	if (count > 0)
		sql_consents_give(tx, account, (struct uuid_array){count, accepted},
		                  "registration");
}

static void reply_log(struct request *rq, struct uuid account, const char *cursor, int32_t limit)
{
	struct page page = page_open(rq, cursor, limit, 0, PAGE_DESCENDING);

	reply_page(rq, &page,
	           sql_consents_page(db_of(&rq->task), account, page.after_key, page.after_id,
	                             page.count));
}

/* GET /v1/me/consents */
void list_my_consents(struct request *rq, const struct list_my_consents_in *in)
{
	reply_log(rq, rq->task.actor.account_id, in->cursor, in->limit);
}

/* GET /v1/admin/users/{user_id}/consents */
void list_user_consents(struct request *rq, const struct list_user_consents_in *in)
{
	sql_consent_account(db_of(&rq->task), in->user_id); /* 404 */
	reply_log(rq, in->user_id, in->cursor, in->limit);
}

/* POST /v1/me/consents */
void give_consent(struct request *rq, const struct give_consent_in *in)
{
	struct uuid account = rq->task.actor.account_id;
	struct uuid_array one = {1, &in->document_id};
	struct db *batch = db_batch(&rq->task);

	sql_documents_expect_latest(batch, one, "/document_id");
	sql_consents_give(batch, account, one, "account");
	reply_commit_row(rq, batch, 201, sql_consent_latest(batch, in->document_id, account));
}

/* DELETE /v1/me/consents/{document_id} */
void withdraw_consent(struct request *rq, const struct withdraw_consent_in *in)
{
	struct db *tx = db_begin(&rq->task);

	if (!sql_consent_withdraw_rows(tx, sql_consent_withdraw(tx, in->document_id), NULL)->done)
		task_end(&rq->task, PROBLEM_NOT_FOUND, "You have not accepted this document.");
	reply_commit_empty(rq, tx);
}
