/* internal: what the providers share; nobody else includes it. */
#ifndef SEBEZ_SHOP_PUSH_INTERNAL_H
#define SEBEZ_SHOP_PUSH_INTERNAL_H

#include <jansson.h>

#include "base/buf.h"
#include "base/json.h"
#include "shop/push/provider.h"

/* Addresses. */

bool apns_is_address(const char *address);
bool expo_is_address(const char *address);

/* Sending. */

/* The call of a built request, which must outlive it. body_max: as in http_client.h. trusted: the
 * operator configured its URL. */
struct http_client_request push_call(const struct push_request *built, size_t body_max,
                                     bool trusted);

/* Building. */

typedef void push_write_fn(struct json *json, const struct push *push, const void *arg);

/* The JSON of a message, its texts cut so that it has at most bytes_max. -EMSGSIZE: nothing is left
 * to cut. */
int push_write(struct arena *arena, const struct push *push, size_t bytes_max, push_write_fn *write,
               const void *arg, struct buf *ret) __attribute__((warn_unused_result));

bool push_is_silent(const struct push *push);
/* High may wake a phone that sleeps. */
enum push_urgency { PUSH_HIGH, PUSH_NORMAL, PUSH_LOW };
enum push_urgency push_urgency(const struct push *push);
extern const char *const WEB_PUSH_URGENCIES[];                             /* by urgency */
int64_t push_ttl_s(const struct push *push, int64_t now_s, int64_t max_s); /* at least 0 */
/* The group, or a hash of it when it is longer than length_max (at least 43). */
const char *push_group(struct arena *arena, const char *group, size_t length_max);
/* The members id, lane, kind, link and data. */
void push_write_data(struct json *json, const struct push *push, bool as_text);
void push_add_header(struct push_request *request, const char *name, const char *value);

/* Judging. */

struct push_rule {
	const char *code; /* NULL ends a table */
	enum push_outcome outcome;
	int64_t delay_ms;
};

bool push_succeeded(const struct http_client_response *response); /* status 2xx */

/* By a provider's code; when the table has none of it, by the status. code: NULL for none. */
struct push_verdict push_verdict_of(struct arena *arena, const struct push_rule rules[],
                                    const char *code, const struct http_client_response *response,
                                    int64_t now_s);

/* The body as JSON, freed with the arena; NULL when it is none. */
json_t *push_json(struct arena *arena, const struct http_client_response *response);
/* A text of the JSON, cut to what is kept of a reason; NULL when it is no text. */
const char *push_json_code(struct arena *arena, const json_t *value);

#endif
