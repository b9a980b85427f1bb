#include "web/idempotency.h"

#include <assert.h>
#include <sodium.h>
#include <string.h>

#include "base/limits.h"
#include "idempotency.sql.h"
#include "net/co.h"
#include "net/loop.h"
#include "task/params.h"
#include "web/reply.h"
#include "web/request_context.h"

enum { RETRY_MS = 200 };

static const struct problem REUSED = {
    .code = PROBLEM_KEY_REUSED,
    .detail = "This Idempotency-Key was used with a different request.",
};

bool idempotency_parse(const char *header, char ret[IDEMPOTENCY_KEY_MAX + 1])
{
	size_t length = strlen(header);

	if (length >= 2 && header[0] == '"' && header[length - 1] == '"') {
		header++;
		length -= 2;
	}
	if (length < 1 || length > IDEMPOTENCY_KEY_MAX)
		return false;
	for (size_t i = 0; i < length; i++) {
		if (header[i] <= ' ' || header[i] > '~' || header[i] == '"' || header[i] == '\\')
			return false;
	}
	memcpy(ret, header, length);
	ret[length] = 0;
	return true;
}

static struct bytes hash_of(const struct idempotency *idempotency)
{
	return (struct bytes){.data = idempotency->hash, .length = sizeof(idempotency->hash)};
}

static void hash_request(const struct request *rq, uint8_t ret[IDEMPOTENCY_HASH_BYTES])
{
	crypto_generichash_state state;
	size_t length = 0;
	const char *body = http_body(rq->http, &length);
	const char *parts[] = {http_method(rq->http), http_path(rq->http), http_query(rq->http)};

	crypto_generichash_init(&state, NULL, 0, IDEMPOTENCY_HASH_BYTES);
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) /* with their final 0 */
		crypto_generichash_update(&state, (const uint8_t *)parts[i], strlen(parts[i]) + 1);
	crypto_generichash_update(&state, (const uint8_t *)body, length);
	crypto_generichash_final(&state, ret, IDEMPOTENCY_HASH_BYTES);
}

static bool has_scope(const struct actor *actor)
{
	return actor->kind != ACTOR_NONE &&
	       (actor->kind != ACTOR_GUEST || actor->guest_token[0] != 0);
}

/* Of the key and its scope, as current_scope() in the database tells scopes apart. */
static void hash_scope(const struct actor *actor, const char *key, uint8_t ret[KEY_TURN_BYTES])
{
	crypto_generichash_state state;
	const uint8_t kind = (uint8_t)actor->kind;

	crypto_generichash_init(&state, NULL, 0, KEY_TURN_BYTES);
	crypto_generichash_update(&state, &kind, sizeof(kind));
	crypto_generichash_update(&state, actor->account_id.bytes, sizeof(actor->account_id.bytes));
	crypto_generichash_update(&state, actor->vendor_id.bytes, sizeof(actor->vendor_id.bytes));
	crypto_generichash_update(&state, (const uint8_t *)actor->guest_token,
	                          strlen(actor->guest_token) + 1);
	crypto_generichash_update(&state, (const uint8_t *)key, strlen(key));
	crypto_generichash_final(&state, ret, KEY_TURN_BYTES);
}

static _Noreturn void still_running(struct request *rq)
{
	task_end_with(&rq->task,
	              (struct problem){
	                  .code = PROBLEM_IN_PROGRESS,
	                  .detail = "The first request with this Idempotency-Key is still running.",
	                  .retry_after_s = 1,
	              });
}

static void reply_kept(struct request *rq, const struct idempotency_answer_row *row)
{
	const struct bytes *bytes = row->body;
	struct buf body = buf_new(rq->task.arena, bytes != NULL ? bytes->length + 1 : 1);

	rq->idempotency->kept = true;
	if (bytes == NULL) {
		assert(*row->status == 204);
		reply_empty(rq);
		return;
	}
	buf_add(&body, bytes->data, bytes->length);
	reply_json(rq, *row->status, &body);
}

static struct rows *ask(struct db *db, const struct request *rq)
{
	return sql_idempotency_answer(db, rq->idempotency->key, rq->operation->id,
	                              hash_of(rq->idempotency));
}

/* The key's row, NULL when it has none. */
static const struct idempotency_answer_row *find(struct request *rq)
{
	struct db *db = db_of(&rq->task);

	return sql_idempotency_answer_rows(db, ask(db, rq), &(size_t){0});
}

/* Sends the answer of an earlier request. */
static void replay(struct request *rq, const struct idempotency_answer_row *row)
{
	if (!row->same)
		task_end_with(&rq->task, REUSED);
	reply_header(rq, "Idempotent-Replayed", "true");
	reply_kept(rq, row);
}

/* Waits for earlier requests of this process; true when one was answered. */
static bool wait_for_turn(struct request *rq, struct idempotency *idempotency)
{
	uint8_t scope[KEY_TURN_BYTES];
	const struct idempotency_answer_row *row;

	hash_request(rq, idempotency->hash);
	hash_scope(&rq->task.actor, idempotency->key, scope);
	switch (key_turn_wait(&idempotency->turn, scope, rq->task.deadline_ms)) {
	case KEY_TURN_FIRST:
		rq->idempotency = idempotency;
		return false;
	case KEY_TURN_LATER:
		rq->idempotency = idempotency;
		break;
	case KEY_TURN_LATE:
		still_running(rq);
	}
	row = find(rq);
	if (row == NULL || row->status == NULL)
		return false;
	replay(rq, row);
	return true;
}

bool idempotency_begin(struct request *rq)
{
	enum idempotency_rule rule = rq->operation->idempotency;
	const char *header = http_header(rq->http, "Idempotency-Key");
	struct idempotency *idempotency;

	if (rule == IDEMPOTENCY_NONE)
		return false;
	if (header == NULL) {
		if (rule == IDEMPOTENCY_REQUIRED)
			task_end(&rq->task, PROBLEM_KEY_REQUIRED,
			         "This operation requires an Idempotency-Key.");
		return false;
	}
	idempotency = arena_alloc(rq->task.arena, sizeof(*idempotency));
	if (http_header_repeated(rq->http, "Idempotency-Key") ||
	    !idempotency_parse(header, idempotency->key))
		task_end_field(&rq->task, "Idempotency-Key", "format",
		               "must be 1 to %d visible ASCII characters, once",
		               IDEMPOTENCY_KEY_MAX);
	return has_scope(&rq->task.actor) && wait_for_turn(rq, idempotency);
}

void idempotency_end(struct request *rq)
{
	if (rq->idempotency != NULL)
		key_turn_leave(&rq->idempotency->turn);
	rq->idempotency = NULL;
}

void idempotency_keep(struct request *rq, struct db *tx, int status, const struct buf *body)
{
	struct idempotency *idempotency = rq->idempotency;
	struct bytes bytes = {.data = "", .length = 0};

	if (body != NULL)
		bytes = (struct bytes){.data = body->data, .length = body->length};
	assert(db_is_actors(tx) && status >= 200 && status < 300);
	assert(body != NULL || status == 204);
	idempotency->kept = true;
	if (idempotency->fence_us != 0)
		sql_idempotency_pass_fence(tx, idempotency->key, idempotency->fence_us);
	sql_idempotency_keep(tx, idempotency->key, rq->operation->id, hash_of(idempotency), status,
	                     body != NULL ? &bytes : NULL);
}

struct keeping {
	struct request *rq;
	int status;
	const struct buf *body;
};

static void keep_now(struct db *last, void *arg)
{
	const struct keeping *keeping = arg;

	idempotency_keep(keeping->rq, last, keeping->status, keeping->body);
}

void idempotency_keep_last(struct request *rq, struct db *tx, int status, const struct buf *body)
{
	struct keeping *keeping = arena_alloc(rq->task.arena, sizeof(*keeping));

	*keeping = (struct keeping){.rq = rq, .status = status, .body = body};
	db_before_commit(tx, keep_now, keeping);
}

bool idempotency_was_answered(struct request *rq, const struct pg_error *refusal)
{
	const struct idempotency_answer_row *row;

	rq->idempotency->kept = false; /* rolled back with the rest */
	if (strcmp(refusal->statement, "idempotency_keep") != 0)
		return false;
	row = find(rq);
	if (row == NULL)
		still_running(rq);
	if (row->status == NULL) {
		rq->idempotency->fence_us = row->created_at;
		task_end_with(&rq->task,
		              (struct problem){.code = PROBLEM_OVERLOADED,
		                               .detail = "Too many concurrent requests with this "
		                                         "Idempotency-Key; try again.",
		                               .transient = true});
	}
	request_context_of(rq)->header_count = request_context_of(rq)->retry.header_count;
	replay(rq, row);
	return true;
}

struct settling {
	struct task task;
	struct request *rq;
};

/* The fence is a statement of its own, because the other one must see what it has waited for. */
static void run_settling(struct task *task)
{
	struct request *rq = ((struct settling *)(void *)task)->rq;
	struct problem *problem = &rq->task.problem;
	struct request_context *ctx = request_context_of(rq);
	struct db *db = db_batch(task);

	if (problem->in_doubt)
		sql_idempotency_fence(db, rq->idempotency->key, rq->operation->id,
		                      hash_of(rq->idempotency));
	const struct rows *rows = ask(db, rq);

	db_run(db);
	const struct idempotency_answer_row *row =
	    sql_idempotency_answer_rows(db, rows, &(size_t){0});

	if (row == NULL || row->status == NULL) {
		if (problem->in_doubt)
			problem->detail = "The database connection was lost; nothing was changed.";
		return;
	}
	if (!row->same) {
		*problem = REUSED;
		return;
	}
	ctx->header_count = ctx->retry.header_count;
	if (!problem->in_doubt) /* then it may be this request's own */
		reply_header(rq, "Idempotent-Replayed", "true");
	reply_kept(rq, row);
}

/* A separate task, because the request's has ended. */
static bool settle(struct request *rq)
{
	struct settling settling = {
	    .task = {.deadline_ms = rq->task.deadline_ms,
	             .actor = rq->task.actor,
	             .name = "idempotency_settle"},
	    .rq = rq,
	};
	const struct problem_code *code;

	memcpy(settling.task.request_id, rq->task.request_id, sizeof(settling.task.request_id));
	settling.task.arena = arena_new(LIMIT_REQUEST_ARENA_BYTES, task_arena_full, &settling.task);
	(void)task_run(&settling.task, run_settling);
	code = settling.task.problem.code;
	arena_free(settling.task.arena);
	return code != PROBLEM_UNAVAILABLE && code != PROBLEM_OVERLOADED;
}

void idempotency_settle(struct request *rq)
{
	if (rq->idempotency == NULL || rq->replied)
		return;
	while (loop_now_ms() < rq->task.deadline_ms && !settle(rq) && rq->task.problem.in_doubt)
		co_sleep_ms(RETRY_MS / 2 + randombytes_uniform(RETRY_MS / 2 + 1));
}
