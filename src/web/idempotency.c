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

enum {
	LEASE_EXTRA_S = 10, /* beyond the request's deadline */
	RETRY_MS = 200,
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

static _Noreturn void still_running(struct request *rq)
{
	task_end_with(&rq->task,
	              (struct problem){
	                  .code = PROBLEM_IN_PROGRESS,
	                  .detail = "The first request with this Idempotency-Key is still running.",
	                  .retry_after_s = 1,
	              });
}

static const struct problem ANSWER_LOST = {
    .code = PROBLEM_CONFLICT,
    .detail = "The request succeeded, but its response was lost; read the result."};

static void reply_kept(struct request *rq, int status, const struct bytes *bytes)
{
	struct buf body = buf_new(rq->task.arena, bytes != NULL ? bytes->length + 1 : 1);

	if (status == 204) {
		reply_empty(rq);
		return;
	}
	buf_add(&body, bytes->data, bytes->length);
	reply_json(rq, status, &body);
}

/* The key was used before: sends the same answer, or the reason why there is none. */
static void replay(struct request *rq, const struct idempotency_claim_row *row)
{
	if (!row->same)
		task_end(&rq->task, PROBLEM_KEY_REUSED,
		         "This Idempotency-Key was used with a different request.");
	if (!row->done)
		still_running(rq);
	assert(row->status != NULL);
	if (row->body == NULL && *row->status != 204 && row->leased)
		still_running(rq); /* committed, and its answer is being stored */
	if (row->body == NULL && *row->status != 204)
		task_end_with(&rq->task, ANSWER_LOST);
	reply_header(rq, "Idempotent-Replayed", "true");
	reply_kept(rq, *row->status, row->body);
}

static bool claim(struct request *rq, struct idempotency *idempotency)
{
	uint8_t hash[IDEMPOTENCY_HASH_BYTES];
	struct db *db = db_batch(&rq->task);
	size_t count;

	int32_t lease_s = (int32_t)(web_options()->request_ms / 1000) + LEASE_EXTRA_S;

	hash_request(rq, hash);
	sql_idempotency_claim_lightly(db);
	const struct rows *rows =
	    sql_idempotency_claim(db, idempotency->key, rq->operation->id,
	                          (struct bytes){.data = hash, .length = sizeof(hash)}, lease_s);
	db_run(db);
	const struct idempotency_claim_row *row = sql_idempotency_claim_rows(db, rows, &count);

	if (count == 0)
		still_running(rq);
	if (!row->claimed) {
		replay(rq, row);
		return true;
	}
	idempotency->lease_until_us = row->lease_until;
	idempotency->lease_end_ms = loop_now_ms() + (int64_t)lease_s * 1000;
	rq->idempotency = idempotency;
	return false;
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
	return has_scope(&rq->task.actor) && claim(rq, idempotency);
}

void idempotency_keep(struct request *rq, struct db *tx, int status, const struct buf *body)
{
	struct bytes bytes = {.data = "", .length = 0};

	if (body != NULL)
		bytes = (struct bytes){.data = body->data, .length = body->length};
	assert(rq->idempotency != NULL && status >= 200 && status < 300);
	rq->idempotency->kept = true;
	sql_idempotency_keep(tx, rq->idempotency->key, status, body != NULL ? &bytes : NULL,
	                     rq->idempotency->lease_until_us);
}

void idempotency_fill(struct request *rq, const struct buf *body)
{
	assert(rq->idempotency != NULL && rq->idempotency->kept);
	sql_idempotency_fill(db_of(&rq->task), rq->idempotency->key,
	                     (struct bytes){.data = body->data, .length = body->length},
	                     rq->idempotency->lease_until_us);
}

struct settling {
	struct task task;
	struct request *rq;
	const struct idempotency *idempotency;
};

/* Two statements, because the second must see the changes that the first may have waited for. */
static void run_settling(struct task *task)
{
	struct settling *settling = (struct settling *)(void *)task;
	const struct idempotency *idempotency = settling->idempotency;
	struct request *rq = settling->rq;
	struct db *db = db_batch(task);
	size_t count;

	sql_idempotency_release(db, idempotency->key, idempotency->lease_until_us);
	const struct rows *rows =
	    sql_idempotency_outcome(db, idempotency->key, idempotency->lease_until_us);
	db_run(db);
	const struct idempotency_outcome_row *row = sql_idempotency_outcome_rows(db, rows, &count);

	if (count == 0) {
		if (rq->task.problem.in_doubt)
			rq->task.problem.detail =
			    "The database connection was lost; nothing was changed.";
	} else if (row->body == NULL && *row->status != 204) {
		const char *log = rq->task.problem.log;

		rq->task.problem = ANSWER_LOST;
		rq->task.problem.log = log;
	} else if (!rq->replied) {
		request_context_of(rq)->header_count = request_context_of(rq)->retry.header_count;
		reply_kept(rq, *row->status, row->body);
	}
}

/* A separate task: the request's task has ended, and its deadline may have passed. */
static bool settle(struct request *rq, int64_t deadline_ms)
{
	struct settling settling = {
	    .task = {.deadline_ms = deadline_ms,
	             .actor = rq->task.actor,
	             .name = "idempotency_settle"},
	    .rq = rq,
	    .idempotency = rq->idempotency,
	};
	const struct problem_code *code;

	memcpy(settling.task.request_id, rq->task.request_id, sizeof(settling.task.request_id));
	settling.task.arena = arena_new(LIMIT_REQUEST_ARENA_BYTES, task_arena_full, &settling.task);
	(void)task_run(&settling.task, run_settling);
	code = settling.task.problem.code;
	arena_free(settling.task.arena);
	return code != PROBLEM_UNAVAILABLE && code != PROBLEM_OVERLOADED;
}

static void wait_a_moment(void)
{
	co_sleep_ms(RETRY_MS / 2 + randombytes_uniform(RETRY_MS / 2 + 1));
}

bool idempotency_settle(struct request *rq)
{
	if (rq->idempotency == NULL)
		return true;
	while (loop_now_ms() < rq->task.deadline_ms) {
		if (settle(rq, rq->task.deadline_ms))
			return true;
		if (!rq->task.problem.in_doubt)
			return false;
		wait_a_moment();
	}
	return false;
}

void idempotency_settle_later(struct request *rq)
{
	static unsigned running;
	int64_t end_ms = rq->idempotency->lease_end_ms;

	assert(rq->replied);
	if (running >= LIMIT_KEYS_IN_DOUBT)
		return; /* the lease expires */
	running++;
	while (loop_now_ms() < end_ms && !settle(rq, end_ms))
		wait_a_moment();
	running--;
}
