/* What chat contributes (shop/area.h). */
#include "shop/chat/talk.h"
#include "shop/chat/upkeep.h"
#include "task/job.h"

static const struct job JOBS[] = {
    {"message_pushes", JOB_AT_SETTING, chat_settle_pushes},
    {"erase_messages", JOB_AT_SETTING, chat_erase},
    {"forget_conversations", JOB_HOURLY, chat_forget},
    {0},
};

const struct area AREA_CHAT = {
    .name = "chat",
    .jobs = JOBS,
    .start = presence_start,
};
