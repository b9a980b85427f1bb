/* The push area (shop/area.h). */
#include "shop/push/push.h"
#include "shop/push/sender.h"
#include "shop/push/show.h"
#include "web/limit.h"

static const struct limit_rule LIMITS[] = {
    /* apps register after each start */
    {"device", LIMIT_BY_ACCOUNT, 60, 60},
    {0},
};

enum { DAY_S = 24 * 60 * 60, ACTIVITY_S = 8 * 60 * 60 };

/* A topic for each class, so that none waits for another. */
static const struct outbox_topic TOPICS[] = {
    {.name = "push_chat", .deliver = push_deliver, .expire_s = DAY_S, .drop_expired = true},
    {.name = "push_orders", .deliver = push_deliver, .expire_s = 3 * DAY_S, .drop_expired = true},
    {.name = "push_system", .deliver = push_deliver, .expire_s = 3 * DAY_S, .drop_expired = true},
    {.name = "push_promotions", .deliver = push_deliver, .expire_s = DAY_S, .drop_expired = true},
    /* iOS ends an activity after 8 hours. */
    {.name = "live_activity",
     .deliver = activities_deliver,
     .expire_s = ACTIVITY_S,
     .drop_expired = true},
    /* Expo keeps receipts for a day. */
    {.name = "push_receipts",
     .deliver = push_ask_receipts,
     .expire_s = DAY_S,
     .drop_expired = true},
    {0},
};

static int start(const struct area_options *options)
{
	if (options->push == NULL)
		return 0;
	push_show_start(options);
	return options->serves ? 0 : push_start(options->push);
}

const struct area AREA_PUSH = {
    .name = "push",
    .limits = LIMITS,
    .topics = TOPICS,
    .start = start,
};
