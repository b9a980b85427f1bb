/* A demo without a provider shows its text messages at /dev/sms. */
#include <assert.h>

#include "api.gen.h"
#include "base/clock.h"
#include "base/json.h"
#include "shop/sms/provider.h"
#include "web/dev_page.h"

static const char *const BELOW[] = {"to", NULL};

static const struct dev_list SHOWN = {
    .key = "sebez:dev:sms",
    .name = "messages",
    .title = "Text messages",
    .lead = "What the demo would have sent to telephones, the latest first.",
    .absent = "Text messages are shown here by a demo without a provider.",
    .text = "text",
    .below = BELOW,
};

static struct redis *redis;

void sms_show_start(struct redis *given)
{
	redis = given;
}

bool sms_show_is_on(const struct sms_settings *settings)
{
	return settings->demo && redis != NULL && settings->routes[0] == '\0' &&
	       settings->twilio_account_sid[0] == '\0' && settings->gateway_url[0] == '\0';
}

struct sms_verdict sms_show(struct arena *arena, const struct sms *sms)
{
	struct buf out = buf_new(arena, 256);
	struct json json = json_new(&out);
	const char *item;

	assert(redis != NULL);
	json_open_object(&json);
	json_put_str(&json, "id", sms->id);
	json_put_str(&json, "to", sms->to);
	json_put_str(&json, "text", sms->text);
	json_put_time(&json, "created_at", clock_now_us());
	json_close_object(&json);
	item = out.data;
	if (dev_list_add(arena, redis, &SHOWN, &item, 1) != 0)
		return (struct sms_verdict){.outcome = SMS_RETRY, .reason = "no Redis"};
	return (struct sms_verdict){.outcome = SMS_SENT, .reason = "shown"};
}

/* GET /dev/sms */
void list_dev_sms(struct request *rq, const struct list_dev_sms_in *in)
{
	(void)in;
	dev_list_reply(rq, sms_show_is_on(sms_settings()) ? redis : NULL, &SHOWN);
}
