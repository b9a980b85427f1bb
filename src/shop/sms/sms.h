/*
 * sms: short messages to telephones, by the provider that the settings name for the country. Each
 * provider is a file: twilio.c speaks Twilio's protocol, gateway.c that of any service that takes a
 * message as one HTTP request. docs/OPERATIONS.md, "Text messages".
 *
 * Providers differ by country: SMS_ROUTES says which provider has which calling codes. A number
 * without a route gets no message, so a marketplace pays only for countries that it names.
 */
#ifndef SEBEZ_SHOP_SMS_SMS_H
#define SEBEZ_SHOP_SMS_SMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/uuid.h"
#include "shop/area.h"

extern const struct area AREA_SMS;

enum { SMS_KEYS_MAX = 2, SMS_KEY_BYTES = 32, SMS_CODE_DIGITS = 6 };

/* Settings of the operator (docs/CONFIGURATION.md), "" when not set; they live as long as the
 * process. */
struct sms_settings {
	const char *routes;
	const char *from;
	const char *twilio_account_sid, *twilio_auth_token, *twilio_origin;
	const char *gateway_url, *gateway_header, *gateway_body, *gateway_accepted;
	const char *shop; /* name of the marketplace in texts */
	bool demo;        /* it is loaded: without a provider messages are shown at /dev/sms */
	int64_t hourly;   /* codes that all numbers of a calling code get in an hour */
	/* Codes follow from these: new ones from the first. */
	uint8_t keys[SMS_KEYS_MAX][SMS_KEY_BYTES];
	size_t key_count;
};

/* A sentence that names the setting and contains no secret; NULL: all are well. */
const char *sms_settings_mistake(const struct sms_settings *settings);

enum sms_provider {
	SMS_NOBODY,
	SMS_TWILIO,
	SMS_GATEWAY,
	SMS_PROVIDER_COUNT,
	SMS_SHOWN, /* at /dev/sms, of all numbers; no route names it */
};
extern const char *const SMS_PROVIDER_NAMES[SMS_PROVIDER_COUNT]; /* as in SMS_ROUTES */

/* Who brings messages to a number as phone_form() writes it. */
enum sms_provider sms_route(const struct sms_settings *settings, const char *phone);

/* The settings of this process, from the start of the area on. */
const struct sms_settings *sms_settings(void);

/* The code that follows from an id and key number `key` of the settings. */
void sms_code(struct uuid id, size_t key, char ret[SMS_CODE_DIGITS + 1]);
/* Whether it is the code of the id with any of the keys, in constant time. */
bool sms_code_is(struct uuid id, const char code[SMS_CODE_DIGITS + 1]);

enum sms_outcome {
	SMS_SENT,            /* the provider has taken it */
	SMS_RETRY,           /* this message, later */
	SMS_PROVIDER_FAILED, /* the provider is at fault: whatever is sent to it, later */
	SMS_NUMBER_REFUSED,  /* this number cannot be reached, or wants no messages */
	SMS_ALARM,           /* our settings are wrong, or the provider refuses us */
	SMS_OUTCOME_COUNT,
};
extern const char *const SMS_OUTCOME_NAMES[SMS_OUTCOME_COUNT];

struct sms_verdict {
	enum sms_outcome outcome;
	int64_t delay_ms;   /* at least this long before the next attempt */
	const char *reason; /* the provider's code or status; never a number or a text */
};

struct sms {
	const char *id;   /* the same in every attempt */
	const char *to;   /* as phone_form() writes it */
	const char *text; /* valid UTF-8 */
};

/* Sends it by the provider of the number, which must have one. The provider may get it twice when
 * an answer is lost. Suspends the fiber, which must have no transaction open. */
struct sms_verdict sms_send(struct arena *arena, const struct sms_settings *settings,
                            const struct sms *sms, int64_t deadline_ms);

#endif
