/* The deliverer of the topics push_…: reads what is to be sent, and sends it. */
#include "shop/push/sender.h"
#include "shop/push/show.h"

#include <assert.h>
#include <errno.h>
#include <jansson.h>
#include <sodium.h>
#include <string.h>

#include "base/limits.h"
#include "net/log.h"
#include "net/loop.h"
#include "send.sql.h"
#include "shop/push/tokens.h"
#include "shop/texts/texts.h"
#include "task/db.h"

struct push_sender push_sender;

static bool is_word(const char *text, const char *word)
{
	return strcmp(text, word) == 0;
}

/* The id of a message follows from the notice and the device: the same in each attempt and after a
 * replay, so that what shows a repetition can tell. A UUID of version 8. */
static struct uuid message_id(struct uuid notice, struct uuid device)
{
	uint8_t both[2 * sizeof(notice.bytes)];
	struct uuid id;

	memcpy(both, notice.bytes, sizeof(notice.bytes));
	memcpy(both + sizeof(notice.bytes), device.bytes, sizeof(device.bytes));
	crypto_generichash(id.bytes, sizeof(id.bytes), both, sizeof(both), NULL, 0);
	id.bytes[6] = (uint8_t)(0x80 | (id.bytes[6] & 0x0f));
	id.bytes[8] = (uint8_t)(0x80 | (id.bytes[8] & 0x3f));
	return id;
}

static enum push_lane lane_of(const char *class)
{
	for (int lane = 0; lane < PUSH_LANE_COUNT; lane++)
		if (is_word(class, PUSH_LANE_NAMES[lane]))
			return (enum push_lane)lane;
	assert(!"a class of the contract");
	return PUSH_SYSTEM;
}

static enum push_provider provider_of(const struct push_batch_row *row)
{
	if (is_word(row->provider, "fcm"))
		return PUSH_FCM;
	if (is_word(row->provider, "apns"))
		return PUSH_APNS;
	if (is_word(row->provider, "webpush"))
		return PUSH_WEB;
	assert(is_word(row->provider, "expo"));
	return PUSH_EXPO;
}

static struct push_device device_of(const struct push_batch_row *row)
{
	struct push_device device = {
	    .platform = is_word(row->platform, "ios")       ? PUSH_IOS
	                : is_word(row->platform, "android") ? PUSH_ANDROID
	                                                    : PUSH_BROWSER,
	    .address = row->address,
	    .address_is_fid = is_word(row->address_kind, "fid"),
	    .shows_itself = row->shows_itself && is_word(row->platform, "android"),
	};

	if (row->p256dh != NULL && row->auth != NULL) {
		assert(row->p256dh->length == P256_POINT_BYTES &&
		       row->auth->length == WEB_PUSH_AUTH_BYTES); /* checks of the table */
		memcpy(device.keys.point, row->p256dh->data, P256_POINT_BYTES);
		memcpy(device.keys.auth, row->auth->data, WEB_PUSH_AUTH_BYTES);
	}
	return device;
}

/* False: what the text is about is there no more. */
static bool write_texts(struct arena *arena, const struct push_batch_row *row, struct push *push)
{
	struct text_reader reader = {.language = text_language_of(row->locale, NULL),
	                             .locale = row->locale};
	struct notice_text text;

	if (!notice_text(arena, &reader, row->kind, row->facts, &text))
		return false;
	push->title = text.title;
	push->body = text.body;
	return true;
}

static bool push_of(struct arena *arena, const struct push_batch_row *row,
                    const struct delivery *delivery, struct push *ret)
{
	struct push push = {
	    .id = message_id(delivery->subject_id, row->device_id),
	    .device = device_of(row),
	    .lane = lane_of(row->class),
	    .expires_s = row->expires_s,
	    .group = row->group_key,
	    .kind = row->kind,
	    .link = row->link,
	    .badge = row->badge,
	    .data = row->data,
	};

	/* A message of no group replaces only its own repetition. */
	if (push.group == NULL) {
		char *id = arena_alloc(arena, UUID_TEXT_LENGTH + 1);

		uuid_format(push.id, id);
		push.group = id;
	}
	*ret = push;
	return write_texts(arena, row, ret);
}

static bool device_id_of(const struct delivery *delivery, struct uuid *ret)
{
	json_t *payload = json_loads(delivery->payload, 0, NULL);
	const char *text = json_string_value(json_object_get(payload, "device_id"));
	bool good = text != NULL && uuid_parse(text, ret);

	json_decref(payload);
	return good;
}

static void add(struct push_batch *batch, struct delivery *delivery,
                const struct push_batch_row *row)
{
	struct push push;

	if (!is_word(row->destination, delivery->destination)) {
		delivery_move(delivery, row->destination);
		return;
	}
	if (row->quiet_ms != NULL) {
		delivery_postpone(delivery, *row->quiet_ms > 0 ? *row->quiet_ms : 1);
		return;
	}
	if (!push_of(batch->task->arena, row, delivery, &push))
		return;
	batch->sendings[batch->count++] = (struct sending){
	    .delivery = delivery,
	    .provider = provider_of(row),
	    .account_id = row->account_id,
	    .known_as = row->known_as,
	    .device_id = row->device_id,
	    .registered_ms = row->registered_ms,
	    .push = push,
	    .is_sandbox = is_word(row->environment, "sandbox"),
	};
}

bool push_is_fresh(int64_t read_ms)
{
	return loop_now_ms() - read_ms < LIMIT_PUSH_FRESH_MS;
}

/* Rows that no longer concern anybody are skipped, those of a device that has another provider by
 * now are moved, and those of quiet hours wait for their end. */
static void read_batch(struct push_batch *batch, struct delivery rows[], size_t count)
{
	struct arena *arena = batch->task->arena;
	struct push_batch_asked *asked = arena_array(arena, count, sizeof(*asked));
	const struct push_batch_row *found;
	size_t asked_count = 0, found_count;
	struct db *db = db_of(batch->task);

	for (size_t i = 0; i < count; i++) {
		struct uuid device;

		if (device_id_of(&rows[i], &device))
			asked[asked_count++] = (struct push_batch_asked){
			    .number = (int32_t)i, .notice = rows[i].subject_id, .device = device};
	}
	batch->read_ms = loop_now_ms();
	found = sql_push_batch_rows(db, sql_push_batch(db, asked_count, asked), &found_count);
	batch->sendings = arena_array(arena, found_count, sizeof(*batch->sendings));
	batch->addresses = arena_array(arena, found_count, sizeof(*batch->addresses));
	for (size_t i = 0; i < found_count; i++) {
		assert(found[i].number >= 0 && (size_t)found[i].number < count);
		add(batch, &rows[found[i].number], &found[i]);
	}
}

/* Whether it may be sent as it was built. */
static bool is_as_before(const struct sending *sending, const struct push_batch_row *row)
{
	return row->quiet_ms == NULL && is_word(row->destination, sending->delivery->destination) &&
	       is_word(row->address, sending->push.device.address) &&
	       row->registered_ms == sending->registered_ms;
}

size_t push_read_again(struct push_batch *batch, struct sending sendings[], size_t count)
{
	static const struct push_verdict CHANGED = {.outcome = PUSH_NOT_SENT, .reason = "changed"};
	struct arena *arena = batch->task->arena;
	struct push_batch_asked *asked = arena_array(arena, count, sizeof(*asked));
	const struct push_batch_row **now = arena_array(arena, count, sizeof(*now));
	const struct push_batch_row *found;
	struct db *db = db_of(batch->task);
	size_t found_count, stay = 0;

	for (size_t i = 0; i < count; i++)
		asked[i] = (struct push_batch_asked){.number = (int32_t)i,
		                                     .notice = sendings[i].delivery->subject_id,
		                                     .device = sendings[i].device_id};
	found = sql_push_batch_rows(db, sql_push_batch(db, count, asked), &found_count);
	for (size_t i = 0; i < found_count; i++)
		now[found[i].number] = &found[i];
	for (size_t i = 0; i < count; i++) {
		if (now[i] == NULL)
			delivery_skip(sendings[i].delivery);
		else if (!is_as_before(&sendings[i], now[i]))
			push_conclude(batch, &sendings[i], &CHANGED);
		else
			sendings[stay++] = sendings[i];
	}
	assert(stay <= count);
	return stay;
}

static void skip_others(const struct push_batch *batch, struct delivery rows[], size_t count)
{
	bool *is_sent = arena_array(batch->task->arena, count, sizeof(*is_sent));

	for (size_t i = 0; i < batch->count; i++)
		is_sent[batch->sendings[i].delivery - rows] = true;
	for (size_t i = 0; i < count; i++)
		if (!is_sent[i] && rows[i].state == DELIVERY_UNTOUCHED)
			delivery_skip(&rows[i]);
}

static bool is_configured(enum push_provider provider)
{
	const struct push_credentials *credentials = &push_sender.credentials;

	switch (provider) {
	case PUSH_FCM:
		return credentials->fcm_key != NULL;
	case PUSH_APNS:
		return credentials->apns_key != NULL;
	case PUSH_WEB:
		return credentials->vapid_key != NULL;
	case PUSH_EXPO:
		return push_sender.settings->expo_access_token[0] != '\0';
	case PUSH_PROVIDER_COUNT:
		break;
	}
	assert(!"a provider");
	return false;
}

static void wait_for_provider(const struct push_batch *batch)
{
	for (size_t i = 0; i < batch->count; i++)
		delivery_wait(batch->sendings[i].delivery);
}

void push_deliver(struct task *task, struct delivery rows[], size_t count)
{
	struct push_batch batch = {.task = task};

	assert(count > 0 && count <= LIMIT_DELIVERY_BATCH);
	read_batch(&batch, rows, count);
	skip_others(&batch, rows, count);
	if (batch.count == 0)
		return;
	if (push_show_is_on())
		push_show(&batch);
	else if (!is_configured(batch.sendings[0].provider))
		wait_for_provider(&batch);
	else if (batch.sendings[0].provider == PUSH_EXPO)
		send_expo(&batch);
	else
		send_each(&batch);
	push_finish(&batch);
}

int push_start(const struct push_settings *settings)
{
	static struct push_settings kept;
	char error[300];

	assert(push_sender.settings == NULL);
	kept = *settings;
	if (!push_credentials_read(&kept, &push_sender.credentials, error, sizeof(error))) {
		LOG_ERROR("push messages cannot be sent", log_str("reason", error));
		return -EINVAL;
	}
	push_sender.settings = &kept;
	push_sender.web = web_push_sender_new();
	if (push_sender.web == NULL)
		return -ENOMEM;
	tokens_start(&push_sender.credentials, &kept);
	return 0;
}
