/*
 * internal: delivering to webhooks. follow.c writes what is to be delivered, send.c calls the
 * receivers, sign.c signs, verdict.c says what an answer means. Private to the area.
 */
#ifndef SEBEZ_SHOP_WEBHOOKS_INTERNAL_H
#define SEBEZ_SHOP_WEBHOOKS_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "net/http_client.h"
#include "shop/outbox/outbox.h"
#include "task/task.h"

/* Jobs. */
void webhooks_follow(struct task *task); /* writes the deliveries of new events */
void webhooks_purge(struct task *task);  /* ends and deletes old deliveries, deletes old keys */

/* The deliverer of the topic `webhooks` (shop/outbox/outbox.h). */
void webhooks_deliver(struct task *task, struct delivery rows[], size_t count);
/* Its last attempt never came to its end. */
void webhook_lost(struct task *task, struct uuid delivery);

/* The value of webhook-signature: a signature for each of the keys, which are hexadecimal, with
 * blanks between them. NULL when one is not. */
const char *webhook_sign(struct arena *arena, const char *keys, const char *id, int64_t timestamp_s,
                         const char *body, size_t length);

enum webhook_outcome {
	WEBHOOK_DELIVERED,
	WEBHOOK_GONE, /* the receiver wants no more */
	WEBHOOK_RETRY,
	WEBHOOK_UNREACHABLE, /* the same, and it counts for the breaker of the host */
	WEBHOOK_UNSENT,      /* this process could not: no attempt was made */
};

struct webhook_verdict {
	enum webhook_outcome outcome;
	int64_t delay_ms;  /* that the receiver asks for, or 0 */
	const char *error; /* WebhookError of the contract; NULL when there is a response */
};

/* result: of the call, as http_client_send returns. */
struct webhook_verdict webhook_judge(int result, const struct http_client_response *response,
                                     int64_t now_s);

#endif
