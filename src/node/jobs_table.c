/* The table of jobs. Each area contributes its rows. */
#include "node/jobs.h"
#include "shop/accounts/accounts.h"
#include "shop/chat/chat.h"
#include "shop/feed/feed.h"
#include "shop/orders/orders.h"
#include "shop/outbox/outbox.h"

enum { HOUR_MS = 60 * 60 * 1000 };

const struct job JOBS[] = {
    {"deadlines", 0, orders_meet_deadlines},
    {"outbox", 0, outbox_deliver},
    {"message_pushes", 0, chat_settle_pushes},
    {"erase_messages", 0, chat_erase},
    {"forget_conversations", HOUR_MS, chat_forget},
    {"purge_accounts", HOUR_MS, accounts_purge},
    {"purge_feed", HOUR_MS, feed_purge},
    {"purge_outbox", HOUR_MS, outbox_purge},
    {NULL, 0, NULL}, /* ends the table, so that it is never empty */
};

const size_t JOB_COUNT = sizeof(JOBS) / sizeof(JOBS[0]) - 1;
