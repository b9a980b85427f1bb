#include "shop/push/show.h"

#include <assert.h>
#include <jansson.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/json_tree.h"
#include "shop/push/sender.h"

static const char *const BELOW[] = {"to",       "platform", "provider", "class",
                                    "activity", "link",     NULL};

const struct dev_list PUSHES_SHOWN = {
    .key = "sebez:dev:push",
    .name = "pushes",
    .title = "Push messages",
    .lead = "What the demo would have sent to devices, the latest first. "
            "<code>PUT /v1/devices/{device_id}</code> registers one; it may have any address.",
    .absent = "Push messages are shown here by a demo without a provider.",
    .heading = "title",
    .text = "body",
    .below = BELOW,
};

static struct {
	struct redis *redis;
	bool is_on;
} show;

void push_show_start(const struct area_options *options)
{
	const struct push_settings *settings = options->push;

	show.redis = options->redis;
	show.is_on = settings->demo && options->redis != NULL &&
	             settings->fcm_account_file[0] == '\0' && settings->apns_key_file[0] == '\0' &&
	             settings->vapid_key_file[0] == '\0' && settings->expo_access_token[0] == '\0';
}

bool push_show_is_on(void)
{
	return show.is_on;
}

struct redis *push_show_redis(void)
{
	return show.is_on ? show.redis : NULL;
}

/* Putting. */

static const char *const PLATFORMS[] = {
    [PUSH_IOS] = "ios", [PUSH_ANDROID] = "android", [PUSH_BROWSER] = "web"};
static const char *const EVENTS[] = {[APNS_ACTIVITY_START] = "start",
                                     [APNS_ACTIVITY_UPDATE] = "update",
                                     [APNS_ACTIVITY_END] = "end"};

static const char *member(struct arena *arena, const char *object, const char *name)
{
	const json_t *all = json_of_database(arena, object, strlen(object));
	const char *text = json_string_value(json_object_get(all, name));

	assert(text != NULL); /* of activity_batch */
	return text;
}

/* What an activity shows; a start has the texts of its notice. */
static void put_activity(struct arena *arena, struct json *json, const struct sending *sending)
{
	const struct apns_activity *activity = sending->activity;
	bool starts = activity->event == APNS_ACTIVITY_START;

	json_put_str(json, "activity", EVENTS[activity->event]);
	json_key(json, "state");
	json_raw(json, activity->state, strlen(activity->state));
	json_put_str(json, "kind", NULL);
	json_put_str(json, "title",
	             starts ? sending->push.title : member(arena, activity->attributes, "number"));
	json_put_str(json, "body",
	             starts ? sending->push.body : member(arena, activity->state, "status"));
	json_put_str(json, "link", member(arena, activity->attributes, "link"));
	json_key(json, "badge");
	json_nil(json);
}

static void put_message(struct json *json, const struct push *push)
{
	json_put_str(json, "activity", NULL);
	json_put_str(json, "state", NULL);
	json_put_str(json, "kind", push->kind);
	json_put_str(json, "title", push->title);
	json_put_str(json, "body", push->body);
	json_put_str(json, "link", push->link);
	json_put_int(json, "badge", push->badge);
}

static const char *as_json(struct arena *arena, const struct sending *sending)
{
	struct buf out = buf_new(arena, 1024);
	struct json json = json_new(&out);

	json_open_object(&json);
	json_put_uuid(&json, "id", sending->push.id);
	json_put_str(&json, "to", sending->known_as);
	json_put_str(&json, "platform", PLATFORMS[sending->push.device.platform]);
	json_put_str(&json, "provider", PUSH_PROVIDERS[sending->provider]);
	json_put_str(&json, "class", PUSH_LANE_NAMES[sending->push.lane]);
	if (sending->activity != NULL)
		put_activity(arena, &json, sending);
	else
		put_message(&json, &sending->push);
	json_put_time(&json, "created_at", clock_now_us());
	json_close_object(&json);
	return out.data;
}

/* 0 or -errno of redis_call. */
static int put(const struct push_batch *batch, size_t count)
{
	struct arena *arena = batch->task->arena;
	const char **items = arena_array(arena, count, sizeof(*items));

	for (size_t i = 0; i < count; i++)
		items[i] = as_json(arena, &batch->sendings[i]);
	return dev_list_add(arena, show.redis, &PUSHES_SHOWN, items, count);
}

void push_show(struct push_batch *batch)
{
	struct push_verdict verdict = {.outcome = PUSH_SENT, .reason = "shown"};
	size_t begun = 0;

	assert(show.is_on && batch->count > 0);
	while (begun < batch->count && delivery_begin(batch->sendings[begun].delivery))
		begun++;
	if (begun == 0)
		return;
	if (put(batch, begun) != 0)
		verdict = (struct push_verdict){.outcome = PUSH_NOT_SENT, .reason = "no Redis"};
	for (size_t i = 0; i < begun; i++)
		push_conclude(batch, &batch->sendings[i], &verdict);
}
