/*
 * together: sends messages that arrive at the same time in one transaction (task/together.h), those
 * of customers and those of staff apart, at most one per conversation. The database checks each
 * under its own session and sends those that need nothing else (messages_send() in
 * functions_send.sql). Whatever is not sent this way is sent by message_send() on its own, which is
 * idempotent by client_id.
 */
#ifndef SEBEZ_SHOP_CHAT_TOGETHER_H
#define SEBEZ_SHOP_CHAT_TOGETHER_H

#include "base/buf.h"
#include "chat.sql.h"
#include "task/task.h"

/* The answer, in the task's arena; NULL: not sent, or not known to be. Suspends. `message` must
 * live until then. */
struct buf *send_together(struct task *task, const char *rules,
                          const struct messages_send_sent *message);

#endif
