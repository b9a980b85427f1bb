/* device_address: whether what an app registers is an address of its provider. */
#ifndef SEBEZ_SHOP_PUSH_DEVICE_ADDRESS_H
#define SEBEZ_SHOP_PUSH_DEVICE_ADDRESS_H

#include "api.gen.h"
#include "base/web_push.h"
#include "web/request.h"

struct device_address {
	const char *text;        /* in the one form of all its spellings */
	const char *start_token; /* NULL: none */
	bool has_keys;
	struct web_push_keys keys; /* of a browser */
};

/* A token of APNs in lower case, so that one token is one address; else ends the task, naming the
 * field. */
const char *apns_token_of(struct request *rq, const char *field, const char *text);

/* Ends the task (PROBLEM_INVALID), naming the field, when the provider does not serve the platform,
 * or the address, its keys or its environment are not of the provider. */
struct device_address device_address_of(struct request *rq, const struct put_device_in *in);

#endif
