/*
 * http: calls of providers that are asked over HTTP and answer in JSON. Private to the area.
 */
#ifndef SEBEZ_SHOP_PAYMENTS_HTTP_H
#define SEBEZ_SHOP_PAYMENTS_HTTP_H

#include <jansson.h>

#include "base/buf.h"
#include "net/http_client.h"
#include "shop/payments/provider.h"

struct payment_call {
	const char *method, *url;
	const char *authorization;  /* the header's value */
	struct http_header more[2]; /* name NULL: none */
	const char *content_type;   /* NULL: no body */
	const struct buf *body;
};

struct payment_reply {
	enum payment_word problem; /* PAYMENT_WORD_COUNT: there is an answer that can be read */
	int status;
	const json_t *json; /* an object */
};

/* Makes the call, within LIMIT_DELIVERY_ATTEMPT_MS and the task's deadline. No answer, one of a
 * server that failed (5xx, 429), and one that is not JSON are problems. */
struct payment_reply payment_call(struct task *task, const struct payment_call *call);

/* The text of a member, at any depth: "data.status". "": there is none. */
const char *reply_text_at(const struct payment_reply *reply, const char *path);

/* A sum in major units, as the provider writes it ("1500.00"): whether it is this amount. */
bool reply_has_amount(const struct payment_reply *reply, const char *path, int64_t amount,
                      const char *currency);
/* As the provider is told: "1500.00". */
const char *major_units(struct arena *arena, int64_t amount, const char *currency);

#endif
