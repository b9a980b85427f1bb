/* exports: asking for a copy of one's data, and opening it. */
#include "shop/exports/exports.h"

#include <assert.h>
#include <string.h>

#include "api.gen.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/limits.h"
#include "exports.sql.h"
#include "shop/platform/platform.h"
#include "store/objects.h"
#include "task/db.h"
#include "web/reply.h"

#define BEFORE_ID OBJECTS_PRIVATE "exports/"
#define AFTER_ID ".zip"

const char *export_key(struct arena *arena, struct uuid account_id)
{
	char id[UUID_TEXT_LENGTH + 1];

	uuid_format(account_id, id);
	return arena_printf(arena, BEFORE_ID "%s" AFTER_ID, id);
}

bool export_is_known(struct db *db, const char *key)
{
	const size_t before = sizeof(BEFORE_ID) - 1;
	char id[UUID_TEXT_LENGTH + 1];
	struct uuid account;

	if (strncmp(key, BEFORE_ID, before) != 0 ||
	    strlen(key) != before + UUID_TEXT_LENGTH + sizeof(AFTER_ID) - 1 ||
	    strcmp(key + before + UUID_TEXT_LENGTH, AFTER_ID) != 0)
		return false;
	memcpy(id, key + before, UUID_TEXT_LENGTH);
	id[UUID_TEXT_LENGTH] = '\0';
	return uuid_parse(id, &account) &&
	       sql_export_exists_rows(db, sql_export_exists(db, account), NULL)->is_there;
}

static void ask(struct request *rq, struct db *tx, struct uuid account, bool by_admin)
{
	sql_export_ask(tx, account, by_admin);
	reply_commit_row(rq, tx, 202, sql_export_of(tx, account));
}

/* POST /v1/me/export */
void request_data_export(struct request *rq, const struct request_data_export_in *in)
{
	(void)in;
	ask(rq, db_begin(&rq->task), rq->task.actor.account_id, false);
}

/* POST /v1/admin/users/{user_id}/export: for a request that came by post. */
void request_user_data_export(struct request *rq, const struct request_user_data_export_in *in)
{
	struct db *tx = db_begin(&rq->task);

	platform_audit_reason(tx, in->reason);
	sql_export_expect_stays(tx, in->user_id);
	ask(rq, tx, in->user_id, true);
}

static const struct rows *find(struct request *rq)
{
	const struct rows *rows = sql_export_of(db_of(&rq->task), rq->task.actor.account_id);

	if (rows_count(rows) == 0)
		task_end(&rq->task, PROBLEM_NOT_FOUND, "There is no copy of your data.");
	return rows;
}

/* GET /v1/me/export */
void get_data_export(struct request *rq, const struct get_data_export_in *in)
{
	(void)in;
	reply_row(rq, find(rq));
}

/* POST /v1/me/export/link */
void open_data_export(struct request *rq, const struct open_data_export_in *in)
{
	struct task *task = &rq->task;
	struct buf body = buf_new(task->arena, 1024);
	struct json json = json_new(&body);
	const char *url;

	(void)in;
	if (sql_export_of_rows(db_of(task), find(rq), NULL)->ready_at == NULL)
		task_end(task, PROBLEM_NOT_FOUND, "The copy of your data is still being made.");
	if (objects_presign_get(exports_store(), task->arena, request_origin(rq),
	                        export_key(task->arena, task->actor.account_id),
	                        LIMIT_PRIVATE_LINK_S, task->deadline_ms, &url) < 0)
		task_end(task, PROBLEM_UNAVAILABLE, "The store of files does not answer.");
	json_open_object(&json);
	json_put_str(&json, "url", url);
	json_put_time(&json, "expires_at",
	              clock_now_us() + (int64_t)LIMIT_PRIVATE_LINK_S * 1000 * 1000);
	json_close_object(&json);
	reply_json(rq, 201, &body);
}
