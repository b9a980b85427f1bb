/* What chat contributes (shop/area.h). */
#include "shop/chat/talk.h"
#include "shop/chat/upkeep.h"
#include "task/job.h"
#include "web/limit.h"

static const struct limit_rule LIMITS[] = {
    /* five a second for a minute is nobody who types */
    {"message", LIMIT_BY_ACCOUNT, 300, 60},
    /* marks come as fast as one scrolls */
    {"read", LIMIT_BY_ACCOUNT, 600, 60},
    /* every few seconds in a few conversations */
    {"typing", LIMIT_BY_ACCOUNT, 120, 60},
    {"report", LIMIT_BY_ACCOUNT, 60, 3600},
    /* each walks through all of somebody's conversations */
    {"erase", LIMIT_BY_ACCOUNT, 60, 3600},
    {0},
};

static const struct job JOBS[] = {
    {"message_pushes", JOB_AT_SETTING, chat_settle_pushes},
    {"erase_messages", JOB_AT_SETTING, chat_erase},
    {"forget_conversations", JOB_HOURLY, chat_forget},
    {0},
};

const struct area AREA_CHAT = {
    .name = "chat",
    .limits = LIMITS,
    .jobs = JOBS,
    .start = presence_start,
};
