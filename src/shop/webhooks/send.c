/*
 * send: the deliverer of the topic `webhooks`. What became of a call is written to its delivery
 * before the outbox learns it, so that whatever dies in between leads to a repetition and never to
 * a delivery that nothing carries out.
 */
#include <assert.h>
#include <inttypes.h>
#include <string.h>

#include "base/clock.h"
#include "base/limits.h"
#include "net/http_client_group.h"
#include "net/loop.h"
#include "shop/feed/feed.h"
#include "shop/image.h"
#include "shop/webhooks/internal.h"
#include "task/db.h"
#include "webhook_send.sql.h"

enum {
	QUICK_MS = 1000, /* a host that answers within it gets several calls side by side */
	SLOW_MS = 5000,  /* one that takes longer gets no further one in this batch */
	SIDE_BY_SIDE = 4,
	HEADERS = 5,
};

/* A row of the outbox that is sent. */
struct call {
	struct delivery *delivery;
	const struct webhook_batch_row *row;
	const char *body;
	size_t length;
	int64_t begun_us, begun_ms;
	int32_t duration_ms;
	int status;
	struct webhook_verdict verdict;
};

struct batch {
	struct task *task;
	struct call *calls; /* those that began are the first */
	size_t count, begun;
	struct uuid *dropped; /* deliveries that are not to be sent any more */
	size_t dropped_count;
	struct http_client_group *group;
	int64_t read_ms;
	unsigned side_by_side;
	bool is_slow;
};

static void write_body(struct arena *arena, struct call *call)
{
	const struct webhook_batch_row *row = call->row;
	struct buf body = buf_new(arena, 1024);
	struct json json = json_new(&body);

	assert(row->data != NULL);
	json_open_object(&json);
	json_put_str(&json, "type", row->kind);
	json_put_time(&json, "timestamp", row->event_at);
	json_key(&json, "vendor_id");
	if (row->vendor_id != NULL)
		json_uuid(&json, *row->vendor_id);
	else
		json_nil(&json);
	json_key(&json, "data");
	image_write_json(&json, row->data, strlen(row->data));
	json_close_object(&json);
	call->body = body.data;
	call->length = body.length;
}

/* Rows that are delivered already, or of no webhook, are skipped. */
static void sort_row(struct batch *batch, struct delivery *delivery,
                     const struct webhook_batch_row *row)
{
	if (row == NULL) {
		delivery_skip(delivery);
	} else if (!row->enabled || row->data == NULL) {
		batch->dropped[batch->dropped_count++] = row->id;
		delivery_skip(delivery);
	} else if (strcmp(row->destination, delivery->destination) != 0) {
		delivery_move(delivery, row->destination);
	} else {
		batch->calls[batch->count++] = (struct call){.delivery = delivery, .row = row};
	}
}

static void read_batch(struct batch *batch, struct delivery rows[], size_t count)
{
	struct arena *arena = batch->task->arena;
	struct uuid *ids = arena_array(arena, count, sizeof(*ids));
	struct db *db = db_of(batch->task);
	const struct webhook_batch_row *found;
	size_t found_count;

	for (size_t i = 0; i < count; i++)
		ids[i] = rows[i].subject_id;
	batch->read_ms = loop_now_ms();
	found = sql_webhook_batch_rows(db, sql_webhook_batch(db, (struct uuid_array){count, ids}),
	                               &found_count);
	batch->calls = arena_array(arena, count, sizeof(*batch->calls));
	batch->dropped = arena_array(arena, count, sizeof(*batch->dropped));
	for (size_t i = 0; i < count; i++) {
		const struct webhook_batch_row *row = NULL;

		for (size_t f = 0; f < found_count && row == NULL; f++)
			if (uuid_equal(found[f].id, ids[i]))
				row = &found[f];
		sort_row(batch, &rows[i], row);
	}
}

/* The body of an answer says nothing to us. */
static int drop(void *arg, const char *bytes, size_t length)
{
	(void)arg;
	(void)bytes;
	(void)length;
	return 0;
}

static bool launch(struct batch *batch, struct call *call)
{
	struct arena *arena = batch->task->arena;
	int64_t now_s = clock_now_us() / 1000000;
	char id[UUID_TEXT_LENGTH + 1];
	const char *signature;

	write_body(arena, call);
	uuid_format(call->row->id, id);
	signature = webhook_sign(arena, call->row->keys, id, now_s, call->body, call->length);
	assert(signature != NULL); /* each webhook has a key, which the table checks */
	const struct http_header headers[HEADERS] = {
	    {"Content-Type", "application/json"},
	    {"User-Agent", "Sebez/" SEBEZ_VERSION},
	    {"webhook-id", id},
	    {"webhook-timestamp", arena_printf(arena, "%" PRId64, now_s)},
	    {"webhook-signature", signature},
	};
	const struct http_client_request request = {
	    .method = "POST",
	    .url = call->row->url,
	    .headers = headers,
	    .header_count = HEADERS,
	    .body = call->body,
	    .body_length = call->length,
	    .take = drop,
	};

	call->begun_us = clock_now_us();
	call->begun_ms = loop_now_ms();
	return http_client_group_add(batch->group, &request,
	                             call->begun_ms + LIMIT_DELIVERY_ATTEMPT_MS, call);
}

static void take(struct batch *batch, const struct http_client_finished *finished)
{
	struct call *call = finished->owner;

	call->duration_ms = (int32_t)(loop_now_ms() - call->begun_ms);
	call->status = finished->response.status;
	call->verdict =
	    webhook_judge(finished->result, &finished->response, clock_now_us() / 1000000);
	batch->is_slow |= call->duration_ms >= SLOW_MS;
	batch->side_by_side =
	    finished->result == 0 && call->duration_ms <= QUICK_MS ? SIDE_BY_SIDE : 1;
}

/* What was read long ago may have changed: rows that do not begin are leased and read again. */
static bool is_fresh(const struct batch *batch)
{
	return loop_now_ms() - batch->read_ms < LIMIT_WEBHOOK_FRESH_MS;
}

/* The first alone: a host that is down or slow holds one connection. */
static void call_all(struct batch *batch)
{
	struct http_client_finished finished;
	bool may_begin = true;

	batch->side_by_side = 1;
	do {
		while (may_begin && batch->begun < batch->count &&
		       http_client_group_count(batch->group) < batch->side_by_side) {
			struct call *call = &batch->calls[batch->begun];

			may_begin = is_fresh(batch) && delivery_begin(call->delivery);
			if (may_begin && !launch(batch, call)) {
				/* All calls of the process are taken. */
				delivery_unsent(call->delivery);
				may_begin = false;
			}
			batch->begun += may_begin;
		}
		if (http_client_group_next(batch->group, &finished))
			take(batch, &finished);
		may_begin = may_begin && !batch->is_slow && is_fresh(batch);
	} while ((may_begin && batch->begun < batch->count) ||
	         http_client_group_count(batch->group) > 0);
}

/* The state that a call leaves its delivery in; *delay_ms: until the next attempt. */
static const char *state_after(struct call *call, int64_t *delay_ms)
{
	switch (call->verdict.outcome) {
	case WEBHOOK_DELIVERED:
		return "delivered";
	case WEBHOOK_GONE:
		return "failed";
	case WEBHOOK_RETRY:
	case WEBHOOK_UNREACHABLE:
	case WEBHOOK_UNSENT:
		break;
	}
	assert(call->verdict.outcome != WEBHOOK_UNSENT);
	*delay_ms = delivery_plan_retry(call->delivery, call->verdict.delay_ms);
	return *delay_ms < 0 ? "failed" : "pending";
}

static void write_attempts(struct batch *batch, struct db *tx)
{
	struct arena *arena = batch->task->arena;
	struct webhook_attempted_attempts *attempts =
	    arena_array(arena, batch->begun, sizeof(*attempts));
	size_t count = 0;

	for (size_t i = 0; i < batch->begun; i++) {
		struct call *call = &batch->calls[i];

		if (call->verdict.outcome == WEBHOOK_UNSENT)
			continue;
		int32_t *status = arena_alloc(arena, sizeof(*status));
		int64_t *delay_ms = arena_alloc(arena, sizeof(*delay_ms));

		*status = call->status;
		*delay_ms = -1;
		attempts[count++] = (struct webhook_attempted_attempts){
		    .id = call->row->id,
		    .at = call->begun_us,
		    .status = call->status > 0 ? status : NULL,
		    .duration_ms = call->duration_ms,
		    .error = call->verdict.error,
		    .state = state_after(call, delay_ms),
		    .delay_ms = *delay_ms > 0 ? delay_ms : NULL,
		};
	}
	sql_webhook_attempted(tx, count, attempts);
}

static void judge_webhooks(struct batch *batch, struct db *tx)
{
	struct arena *arena = batch->task->arena;
	struct uuid *ids[3] = {arena_array(arena, batch->begun, sizeof(struct uuid)),
	                       arena_array(arena, batch->begun, sizeof(struct uuid)),
	                       arena_array(arena, batch->begun, sizeof(struct uuid))};
	size_t counts[3] = {0};

	for (size_t i = 0; i < batch->begun; i++) {
		const struct call *call = &batch->calls[i];
		int list = call->verdict.outcome == WEBHOOK_DELIVERED ? 0
		           : call->verdict.outcome == WEBHOOK_GONE    ? 2
		                                                      : 1;

		if (call->verdict.outcome != WEBHOOK_UNSENT)
			ids[list][counts[list]++] = call->row->webhook_id;
	}
	sql_webhooks_judge(tx, (struct uuid_array){counts[0], ids[0]},
	                   (struct uuid_array){counts[1], ids[1]},
	                   (struct uuid_array){counts[2], ids[2]});
	feed_notify(tx); /* for a vendor whose webhook is disabled now */
}

static void write_outcomes(struct batch *batch)
{
	struct db *tx;

	if (batch->begun == 0 && batch->dropped_count == 0)
		return;
	tx = db_batch(batch->task);
	if (batch->begun > 0) {
		write_attempts(batch, tx);
		judge_webhooks(batch, tx);
	}
	if (batch->dropped_count > 0)
		sql_webhook_dropped(tx, (struct uuid_array){batch->dropped_count, batch->dropped});
	db_run(tx);
}

static void report(struct call *call, struct arena *arena)
{
	const char *why = call->verdict.error != NULL
	                      ? call->verdict.error
	                      : arena_printf(arena, "status %d", call->status);

	switch (call->verdict.outcome) {
	case WEBHOOK_DELIVERED:
		delivery_done(call->delivery);
		break;
	case WEBHOOK_GONE:
		delivery_give_up(call->delivery, why);
		break;
	case WEBHOOK_RETRY:
		delivery_retry(call->delivery, call->verdict.delay_ms, why);
		break;
	case WEBHOOK_UNREACHABLE:
		delivery_unreachable(call->delivery, call->verdict.delay_ms, why);
		break;
	case WEBHOOK_UNSENT:
		delivery_unsent(call->delivery);
		break;
	}
}

void webhook_lost(struct task *task, struct uuid delivery)
{
	sql_webhook_dropped(db_of(task), (struct uuid_array){1, &delivery});
}

static void free_group(void *group)
{
	http_client_group_free(group);
}

void webhooks_deliver(struct task *task, struct delivery rows[], size_t count)
{
	struct batch batch = {.task = task};

	assert(count > 0 && count <= LIMIT_DELIVERY_BATCH);
	read_batch(&batch, rows, count);
	if (batch.count > 0) {
		batch.group = http_client_group_new(SIDE_BY_SIDE);
		if (batch.group == NULL)
			task_end(task, PROBLEM_OVERLOADED, "There is no memory for calls.");
		arena_defer(task->arena, free_group, batch.group);
		call_all(&batch);
	}
	delivery_allow_time(task);
	write_outcomes(&batch);
	for (size_t i = 0; i < batch.begun; i++)
		report(&batch.calls[i], task->arena);
}
