#include "shop/push/show.h"

#include <assert.h>

#include "base/clock.h"
#include "base/json.h"
#include "shop/push/sender.h"

static const char *const BELOW[] = {"to", "platform", "provider", "class", "link", NULL};

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

static const char *as_json(struct arena *arena, const struct sending *sending)
{
	static const char *const PLATFORMS[] = {
	    [PUSH_IOS] = "ios", [PUSH_ANDROID] = "android", [PUSH_BROWSER] = "web"};
	const struct push *push = &sending->push;
	struct buf out = buf_new(arena, 1024);
	struct json json = json_new(&out);

	json_open_object(&json);
	json_put_uuid(&json, "id", push->id);
	json_put_str(&json, "to", sending->known_as);
	json_put_str(&json, "platform", PLATFORMS[push->device.platform]);
	json_put_str(&json, "provider", PUSH_PROVIDERS[sending->provider]);
	json_put_str(&json, "class", PUSH_LANE_NAMES[push->lane]);
	json_put_str(&json, "kind", push->kind);
	json_put_str(&json, "title", push->title);
	json_put_str(&json, "body", push->body);
	json_put_str(&json, "link", push->link);
	json_put_int(&json, "badge", push->badge);
	json_put_time(&json, "created_at", clock_now_us());
	json_close_object(&json);
	return out.data;
}

/* 0 or -errno of redis_call. */
static int put(const struct push_batch *batch)
{
	struct arena *arena = batch->task->arena;
	const char **items = arena_array(arena, batch->count, sizeof(*items));

	for (size_t i = 0; i < batch->count; i++)
		items[i] = as_json(arena, &batch->sendings[i]);
	return dev_list_add(arena, show.redis, &PUSHES_SHOWN, items, batch->count);
}

void push_show(struct push_batch *batch)
{
	struct push_verdict verdict = {.outcome = PUSH_SENT, .reason = "shown"};
	size_t begun = 0;

	assert(show.is_on && batch->count > 0);
	while (begun < batch->count && delivery_begin(batch->sendings[begun].delivery))
		begun++;
	batch->count = begun;
	if (begun == 0)
		return;
	if (put(batch) != 0)
		verdict = (struct push_verdict){.outcome = PUSH_NOT_SENT, .reason = "no Redis"};
	for (size_t i = 0; i < begun; i++)
		push_conclude(batch, &batch->sendings[i], &verdict);
}
