/* The chat area (shop/area.h). */
#include "shop/chat/talk.h"
#include "shop/chat/upkeep.h"
#include "shop/outbox/outbox.h"
#include "task/db_error.h"
#include "task/job.h"
#include "web/limit.h"

static const struct limit_rule LIMITS[] = {
    /* nobody types five messages a second for a minute */
    {"message", LIMIT_BY_ACCOUNT, 300, 60},
    /* sent while scrolling */
    {"read", LIMIT_BY_ACCOUNT, 600, 60},
    /* sent every few seconds in a few conversations */
    {"typing", LIMIT_BY_ACCOUNT, 120, 60},
    {"report", LIMIT_BY_ACCOUNT, 60, 3600},
    /* each processes all conversations of the account */
    {"erase", LIMIT_BY_ACCOUNT, 60, 3600},
    {0},
};

enum { WEEK_S = 7 * 24 * 60 * 60 };

static const struct db_refusal REFUSALS[] = {
    {CHAT_RULES_CHANGED, PROBLEM_OVERLOADED, NULL},
    {0},
};

static const struct job JOBS[] = {
    {"erase_messages", JOB_AT_SETTING, chat_erase},
    {"forget_conversations", JOB_HOURLY, chat_forget},
    {0},
};

static const struct outbox_topic TOPICS[] = {
    /* Nothing sends pushes yet. Pushes expire after a week: the message is still in the app. */
    {.name = "message_push",
     .kind = OUTBOX_DELIVER,
     .prune = chat_prune_pushes,
     .expire_s = WEEK_S,
     .drop_expired = true},
    {0},
};

const struct area AREA_CHAT = {
    .name = "chat",
    .refusals = REFUSALS,
    .limits = LIMITS,
    .jobs = JOBS,
    .topics = TOPICS,
    .start = presence_start,
};
