/*
 * together: sends messages that arrive at the same time in one transaction.
 *
 * While a transaction with messages of a side is under way, further ones of the side wait in
 * memory; then they go together, in the fiber of one of them, at most one per conversation. The
 * database checks each under its own session and sends those that need nothing else
 * (messages_send() in functions_send.sql). This only saves work: whatever is not sent this way, for
 * whatever reason, is sent by message_send() on its own, which is idempotent by client_id.
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
