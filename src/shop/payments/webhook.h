/*
 * webhook: what providers tell. It is a hint that something has happened to an attempt: the job
 * asks the provider, and believes nothing else. Private to the area.
 */
#ifndef SEBEZ_SHOP_PAYMENTS_WEBHOOK_H
#define SEBEZ_SHOP_PAYMENTS_WEBHOOK_H

#include "shop/payments/provider.h"
#include "web/request.h"

struct webhook_in {
	struct request *rq;
	const char *body; /* as it came */
	size_t length;
	int64_t now_s;
};

/* NULL: there is none. */
const char *webhook_header(const struct webhook_in *webhook, const char *name);

/* Whether `hex` is HMAC-SHA256 of `before` and the body, with one of the secrets, which are words
 * with blanks between. Takes the same time for each wrong one. */
bool webhook_is_signed(const struct webhook_in *webhook, const char *secrets, const char *before,
                       const char *hex);

#endif
