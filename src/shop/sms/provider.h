/*
 * provider: what is sent to a provider of text messages, and what its answer means: computation
 * without I/O. Private to the area.
 */
#ifndef SEBEZ_SHOP_SMS_PROVIDER_H
#define SEBEZ_SHOP_SMS_PROVIDER_H

#include "base/buf.h"
#include "base/form.h"
#include "net/http_client.h"
#include "shop/sms/sms.h"

enum { SMS_HEADERS = 2 };

struct sms_request {
	const char *url;
	struct http_header headers[SMS_HEADERS];
	size_t header_count;
	struct buf body;
};

struct sms_request twilio_build(struct arena *arena, const struct sms_settings *settings,
                                const struct sms *sms);
struct sms_verdict twilio_judge(struct arena *arena, const struct http_client_response *response);

struct sms_request gateway_build(struct arena *arena, const struct sms_settings *settings,
                                 const struct sms *sms);
struct sms_verdict gateway_judge(struct arena *arena, const struct sms_settings *settings,
                                 const struct http_client_response *response);
/* What is wrong with its settings; NULL: nothing. */
const char *gateway_mistake(const struct sms_settings *settings);

/* What a demo without a provider would have sent is shown (show.c). redis: may be NULL. */
struct redis;
void sms_show_start(struct redis *redis);
bool sms_show_is_on(const struct sms_settings *settings);
struct sms_verdict sms_show(struct arena *arena, const struct sms *sms);

/* By the status alone. */
struct sms_verdict sms_verdict_of_status(struct arena *arena, int status);

#endif
