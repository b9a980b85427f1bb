/* The chat area (shop/area.h). */
#include "shop/chat/talk.h"
#include "shop/chat/upkeep.h"
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

static const struct db_refusal REFUSALS[] = {
    {CHAT_RULES_CHANGED, PROBLEM_OVERLOADED, NULL},
    {0},
};

static const struct job JOBS[] = {
    {"erase_messages", JOB_AT_SETTING, chat_erase},
    {"forget_conversations", JOB_HOURLY, chat_forget},
    {0},
};

const struct area AREA_CHAT = {
    .name = "chat",
    .refusals = REFUSALS,
    .limits = LIMITS,
    .jobs = JOBS,
    .start = presence_start,
};
