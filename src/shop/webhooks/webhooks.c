/*
 * webhooks: what their owners ask for. A handler without a vendor_id is for the platform's.
 */
#include "shop/webhooks/webhooks.h"

#include <assert.h>
#include <sodium.h>
#include <string.h>

#include "api.gen.h"
#include "base/limits.h"
#include "web/check.h"
#include "web/reply.h"
#include "webhooks.sql.h"

enum { SECRET_BYTES = 32 }; /* as the table checks */

#define SECRET_PREFIX "whsec_"
#define SECRET_TEXT_SIZE                                                                           \
	(sizeof(SECRET_PREFIX) +                                                                   \
	 sodium_base64_ENCODED_LEN(SECRET_BYTES, sodium_base64_VARIANT_ORIGINAL))

/* What createWebhook, putWebhook and those of the platform take. */
struct wanted {
	const struct uuid *vendor_id;
	const char *url, *description;
	struct text_array events;
	bool enabled;
};

static void check_url(struct request *rq, const char *url)
{
	const char *wrong = check_secure_web_address(url);

	if (wrong != NULL)
		task_end_field(&rq->task, "/url", "format", "%s", wrong);
}

/* Makes a key, stores it, and returns it as its owner gets it. */
static const char *add_secret(struct request *rq, struct db *tx, struct uuid webhook)
{
	uint8_t *bytes = arena_alloc(rq->task.arena, SECRET_BYTES);
	char *text = arena_alloc(rq->task.arena, SECRET_TEXT_SIZE);

	randombytes_buf(bytes, SECRET_BYTES);
	memcpy(text, SECRET_PREFIX, sizeof(SECRET_PREFIX));
	sodium_bin2base64(text + strlen(SECRET_PREFIX), SECRET_TEXT_SIZE - strlen(SECRET_PREFIX),
	                  bytes, SECRET_BYTES, sodium_base64_VARIANT_ORIGINAL);
	sql_webhook_secret_insert(tx, webhook, (struct bytes){bytes, SECRET_BYTES});
	return text;
}

/* GET /v1/vendors/{vendor_id}/webhooks, /v1/admin/webhooks */
void list_webhooks(struct request *rq, const struct list_webhooks_in *in)
{
	reply_list(rq, sql_webhooks(db_of(&rq->task), in->vendor_id, NULL, NULL));
}

/* GET /v1/vendors/{vendor_id}/webhooks/{webhook_id}, /v1/admin/… */
void get_webhook(struct request *rq, const struct get_webhook_in *in)
{
	const struct rows *rows =
	    sql_webhooks(db_of(&rq->task), in->vendor_id, &in->webhook_id, NULL);

	assert(rows_count(rows) <= 1);
	if (rows_count(rows) == 0)
		task_end(&rq->task, PROBLEM_NOT_FOUND, "Not found.");
	reply_row(rq, rows);
}

static void count_webhooks(struct request *rq, struct db *tx, const struct uuid *vendor_id)
{
	if (vendor_id != NULL)
		sql_webhooks_lock(tx, *vendor_id);
	else
		sql_webhooks_lock_platform(tx);
	if (sql_webhooks_count_rows(tx, sql_webhooks_count(tx, vendor_id), NULL)->count >=
	    LIMIT_WEBHOOKS)
		task_end(&rq->task, PROBLEM_CONFLICT, "There are at most %d webhooks.",
		         LIMIT_WEBHOOKS);
}

static void create(struct request *rq, const struct wanted *wanted)
{
	struct uuid id = uuid_v7();
	struct db *tx;

	check_url(rq, wanted->url);
	tx = db_begin(&rq->task);
	count_webhooks(rq, tx, wanted->vendor_id);
	sql_webhook_insert(tx, &(struct webhook_insert_args){
	                           .id = id,
	                           .vendor = wanted->vendor_id,
	                           .url = wanted->url,
	                           .events = wanted->events,
	                           .description = wanted->description,
	                           .enabled = wanted->enabled,
	                       });
	const char *secret = add_secret(rq, tx, id);

	reply_commit_row(rq, tx, 201, sql_webhooks(tx, wanted->vendor_id, &id, secret));
}

static void put(struct request *rq, struct uuid id, const struct wanted *wanted)
{
	struct db *tx;

	check_url(rq, wanted->url);
	tx = db_begin(&rq->task);
	request_expect(
	    rq,
	    sql_webhook_lock_rows(tx, sql_webhook_lock(tx, wanted->vendor_id, id), NULL)->version);
	sql_webhook_put(tx, id, wanted->url, wanted->events, wanted->description, wanted->enabled);
	reply_commit_row(rq, tx, 200, sql_webhooks(tx, wanted->vendor_id, &id, NULL));
}

static struct text_array vendor_events(struct arena *arena, size_t count,
                                       const enum vendor_webhook_event_choice *chosen)
{
	const char **names = arena_array(arena, count, sizeof(*names));

	for (size_t i = 0; i < count; i++)
		names[i] = VENDOR_WEBHOOK_EVENT_NAMES[chosen[i]];
	return (struct text_array){count, names};
}

static struct text_array platform_events(struct arena *arena, size_t count,
                                         const enum platform_webhook_event_choice *chosen)
{
	const char **names = arena_array(arena, count, sizeof(*names));

	for (size_t i = 0; i < count; i++)
		names[i] = PLATFORM_WEBHOOK_EVENT_NAMES[chosen[i]];
	return (struct text_array){count, names};
}

/* POST /v1/vendors/{vendor_id}/webhooks */
void create_webhook(struct request *rq, const struct create_webhook_in *in)
{
	create(rq, &(struct wanted){&in->vendor_id, in->url, in->description,
	                            vendor_events(rq->task.arena, in->events_count, in->events),
	                            in->enabled});
}

/* POST /v1/admin/webhooks */
void create_platform_webhook(struct request *rq, const struct create_platform_webhook_in *in)
{
	create(rq, &(struct wanted){NULL, in->url, in->description,
	                            platform_events(rq->task.arena, in->events_count, in->events),
	                            in->enabled});
}

/* PUT /v1/vendors/{vendor_id}/webhooks/{webhook_id} */
void put_webhook(struct request *rq, const struct put_webhook_in *in)
{
	put(rq, in->webhook_id,
	    &(struct wanted){&in->vendor_id, in->url, in->description,
	                     vendor_events(rq->task.arena, in->events_count, in->events),
	                     in->enabled});
}

/* PUT /v1/admin/webhooks/{webhook_id} */
void put_platform_webhook(struct request *rq, const struct put_platform_webhook_in *in)
{
	put(rq, in->webhook_id,
	    &(struct wanted){NULL, in->url, in->description,
	                     platform_events(rq->task.arena, in->events_count, in->events),
	                     in->enabled});
}

/* POST …/webhooks/{webhook_id}/rotate-secret */
void rotate_webhook_secret(struct request *rq, const struct rotate_webhook_secret_in *in)
{
	struct db *tx = db_begin(&rq->task);

	sql_webhook_lock(tx, in->vendor_id, in->webhook_id);
	sql_webhook_rotated(tx, in->webhook_id);
	const char *secret = add_secret(rq, tx, in->webhook_id);

	reply_commit_row(rq, tx, 200, sql_webhook_secret_shown(tx, in->webhook_id, secret));
}

/* DELETE …/webhooks/{webhook_id} */
void delete_webhook(struct request *rq, const struct delete_webhook_in *in)
{
	sql_webhook_delete(db_of(&rq->task), in->vendor_id, in->webhook_id);
	reply_empty(rq);
}
