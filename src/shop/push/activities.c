/* The deliverer of the topic live_activity: starts, moves and ends what the screens of iPhones show
 * of sub-orders. Each row sends the state at that moment, so a repetition does no harm; but a
 * second start would show a second activity, so a start is noted before it is sent. */
#include <assert.h>
#include <jansson.h>
#include <string.h>

#include "activities.sql.h"
#include "base/limits.h"
#include "net/loop.h"
#include "shop/push/sender.h"
#include "shop/push/show.h"
#include "shop/texts/texts.h"
#include "task/db.h"

/* The app's type of ActivityAttributes, whose ContentState is a SubOrderState. */
#define ATTRIBUTES_TYPE "SebezOrderAttributes"

/* What a row asks for. */
struct asking {
	struct activity_batch_asked row;
	struct uuid notice;
	bool starts, moves;
};

static bool uuid_in(const json_t *payload, const char *name, struct uuid *ret)
{
	const char *text = json_string_value(json_object_get(payload, name));

	return text != NULL && uuid_parse(text, ret);
}

static bool read_asking(const struct delivery *delivery, struct asking *ret)
{
	json_t *payload = json_loads(delivery->payload, 0, NULL);
	bool good = uuid_in(payload, "account_id", &ret->row.account) &&
	            uuid_in(payload, "device_id", &ret->row.device);

	ret->row.sub_order = delivery->subject_id;
	ret->starts = uuid_in(payload, "notice_id", &ret->notice);
	ret->row.notice = ret->starts ? &ret->notice : NULL;
	ret->moves = json_is_true(json_object_get(payload, "moves"));
	json_decref(payload);
	return good;
}

static const struct apns_activity *activity_of(struct arena *arena, const struct asking *asking,
                                               const struct activity_batch_row *row)
{
	struct apns_activity *activity = arena_alloc(arena, sizeof(*activity));

	*activity = (struct apns_activity){
	    .event = asking->starts ? APNS_ACTIVITY_START
	             : row->is_over ? APNS_ACTIVITY_END
	                            : APNS_ACTIVITY_UPDATE,
	    .moves = asking->moves,
	    .state = row->state,
	    .attributes_type = ATTRIBUTES_TYPE,
	    .attributes = row->attributes,
	    .stale_s = row->is_over ? 0 : row->stale_s,
	    .dismissal_s = row->dismissal_s,
	};
	return activity;
}

/* The alert of a start. False: what it is about is there no more. */
static bool write_alert(struct arena *arena, const struct activity_batch_row *row,
                        struct push *push)
{
	struct text_reader reader = {.language = text_language_of(row->locale, NULL),
	                             .locale = row->locale};
	struct notice_text text;

	assert(row->kind != NULL && row->facts != NULL);
	if (!notice_text(arena, &reader, row->kind, row->facts, &text))
		return false;
	push->title = text.title;
	push->body = text.body;
	return true;
}

static void add(struct push_batch *batch, struct delivery *delivery, const struct asking *asking,
                const struct activity_batch_row *row)
{
	struct arena *arena = batch->task->arena;
	struct push push = {
	    .id = delivery->id,
	    .device = {.platform = PUSH_IOS, .address = row->token},
	    .lane = PUSH_ORDERS,
	    .expires_s = row->stale_s,
	    .badge = -1,
	};

	if (strcmp(row->destination, delivery->destination) != 0) {
		delivery_move(delivery, row->destination);
		return;
	}
	if (row->quiet_ms != NULL) {
		delivery_postpone(delivery, *row->quiet_ms > 0 ? *row->quiet_ms : 1);
		return;
	}
	if (asking->starts && !write_alert(arena, row, &push)) {
		delivery_skip(delivery);
		return;
	}
	batch->sendings[batch->count++] = (struct sending){
	    .delivery = delivery,
	    .provider = PUSH_APNS,
	    .account_id = asking->row.account,
	    .known_as = row->known_as,
	    .device_id = asking->row.device,
	    .registered_ms = row->registered_ms,
	    .push = push,
	    .activity = activity_of(arena, asking, row),
	    .is_sandbox = strcmp(row->environment, "sandbox") == 0,
	};
}

/* Rows that no longer concern anybody are skipped. */
static void read_batch(struct push_batch *batch, struct delivery rows[], size_t count)
{
	struct arena *arena = batch->task->arena;
	struct asking *askings = arena_array(arena, count, sizeof(*askings));
	struct activity_batch_asked *asked = arena_array(arena, count, sizeof(*asked));
	struct db *db = db_of(batch->task);
	const struct activity_batch_row *found;
	size_t asked_count = 0, found_count;

	for (size_t i = 0; i < count; i++) {
		askings[i].row.number = (int32_t)i;
		if (read_asking(&rows[i], &askings[i]))
			asked[asked_count++] = askings[i].row;
	}
	batch->read_ms = loop_now_ms();
	found =
	    sql_activity_batch_rows(db, sql_activity_batch(db, asked_count, asked), &found_count);
	batch->sendings = arena_array(arena, found_count, sizeof(*batch->sendings));
	batch->addresses = arena_array(arena, found_count, sizeof(*batch->addresses));
	bool *is_found = arena_array(arena, count, sizeof(*is_found));

	for (size_t i = 0; i < found_count; i++) {
		assert(found[i].number >= 0 && (size_t)found[i].number < count);
		is_found[found[i].number] = true;
		add(batch, &rows[found[i].number], &askings[found[i].number], &found[i]);
	}
	for (size_t i = 0; i < count; i++)
		if (!is_found[i])
			delivery_skip(&rows[i]);
}

static bool is_start(const struct sending *sending)
{
	return sending->activity->event == APNS_ACTIVITY_START;
}

/* Notes the starts. Those that another process has noted meanwhile are skipped. */
static void note_starts(struct push_batch *batch)
{
	struct arena *arena = batch->task->arena;
	struct activities_starting_starts *starts =
	    arena_array(arena, batch->count, sizeof(*starts));
	bool *may_go = arena_array(arena, batch->count, sizeof(*may_go));
	size_t start_count = 0, noted_count, left = 0;

	for (size_t i = 0; i < batch->count; i++) {
		const struct sending *of = &batch->sendings[i];

		may_go[i] = !is_start(of);
		if (is_start(of))
			starts[start_count++] = (struct activities_starting_starts){
			    (int32_t)i, of->account_id, of->device_id, of->delivery->subject_id};
	}
	if (start_count == 0)
		return;
	struct db *db = db_of(batch->task);
	const struct activities_starting_row *noted = sql_activities_starting_rows(
	    db, sql_activities_starting(db, start_count, starts), &noted_count);

	assert(noted_count <= start_count);
	for (size_t i = 0; i < noted_count; i++)
		may_go[noted[i].number] = true;
	for (size_t i = 0; i < batch->count; i++) {
		if (may_go[i])
			batch->sendings[left++] = batch->sendings[i];
		else
			delivery_skip(batch->sendings[i].delivery);
	}
	batch->count = left;
}

/* Removes the notes of starts that APNs has refused or did not get. */
static void forget_starts(struct push_batch *batch)
{
	struct activities_not_started_starts *starts =
	    arena_array(batch->task->arena, batch->count, sizeof(*starts));
	size_t count = 0;

	for (size_t i = 0; i < batch->count; i++) {
		const struct sending *of = &batch->sendings[i];

		if (is_start(of) && of->delivery->state != DELIVERY_DELIVERED && !of->is_in_doubt)
			starts[count++] = (struct activities_not_started_starts){
			    of->account_id, of->device_id, of->delivery->subject_id};
	}
	if (count > 0)
		sql_activities_not_started(db_of(batch->task), count, starts);
}

/* What became of tokens: those of activities that have ended are removed, and those that APNs does
 * not know any more; never the device. */
static void change_tokens(struct push_batch *batch)
{
	struct arena *arena = batch->task->arena;
	struct activities_over_over *over = arena_array(arena, batch->count, sizeof(*over));
	struct activities_gone_gone *gone = arena_array(arena, batch->count, sizeof(*gone));
	struct start_tokens_gone_gone *starts = arena_array(arena, batch->count, sizeof(*starts));
	size_t over_count = 0, gone_count = 0, start_count = 0;
	struct db *db = db_of(batch->task);

	for (size_t i = 0; i < batch->count; i++) {
		const struct sending *of = &batch->sendings[i];

		if (of->delivery->state == DELIVERY_DELIVERED &&
		    of->activity->event == APNS_ACTIVITY_END)
			over[over_count++] = (struct activities_over_over){
			    of->account_id, of->device_id, of->delivery->subject_id,
			    of->push.device.address};
	}
	for (size_t i = 0; i < batch->address_count; i++) {
		const struct sending *of = batch->addresses[i].sending;
		const char *token = of->push.device.address;

		if (!batch->addresses[i].is_gone)
			continue;
		if (is_start(of))
			starts[start_count++] = (struct start_tokens_gone_gone){
			    of->account_id, of->device_id, token, of->registered_ms};
		else
			gone[gone_count++] = (struct activities_gone_gone){
			    of->account_id, of->device_id, of->delivery->subject_id, token,
			    of->registered_ms};
	}
	if (over_count > 0)
		sql_activities_over(db, over_count, over);
	if (gone_count > 0)
		sql_activities_gone(db, gone_count, gone);
	if (start_count > 0)
		sql_start_tokens_gone(db, start_count, starts);
}

void activities_deliver(struct task *task, struct delivery rows[], size_t count)
{
	struct push_batch batch = {.task = task};

	assert(count > 0 && count <= LIMIT_DELIVERY_BATCH);
	read_batch(&batch, rows, count);
	if (batch.count == 0)
		return;
	if (push_sender.credentials.apns_key == NULL && !push_show_is_on()) {
		for (size_t i = 0; i < batch.count; i++)
			delivery_wait(batch.sendings[i].delivery);
		return;
	}
	note_starts(&batch);
	if (batch.count == 0)
		return;
	if (push_show_is_on())
		push_show(&batch);
	else
		send_each(&batch);
	delivery_allow_time(task);
	forget_starts(&batch);
	change_tokens(&batch);
}
