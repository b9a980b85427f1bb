#include "node/sms_setup.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/codec.h"
#include "base/limits.h"
#include "base/phone.h"
#include "net/co.h"
#include "net/http_client.h"
#include "net/loop.h"
#include "node/process.h"
#include "node/say.h"

enum { ARENA_BYTES = 256 * 1024 };

struct sms_settings sms_setup(const struct config *config)
{
	assert(config->sms_routes != NULL); /* config_load has filled it */
	return (struct sms_settings){
	    .routes = config->sms_routes,
	    .from = config->sms_from,
	    .twilio_account_sid = config->twilio_account_sid,
	    .twilio_auth_token = config->twilio_auth_token,
	    .twilio_origin = config->twilio_origin,
	    .gateway_url = config->sms_gateway_url,
	    .gateway_header = config->sms_gateway_header,
	    .gateway_body = config->sms_gateway_body,
	    .gateway_accepted = config->sms_gateway_accepted,
	    .hourly = config->sms_country_hourly,
	    .shop = config->mail_name[0] != '\0' ? config->mail_name : "Sebez",
	};
}

static void derive(const struct secret *secret, uint8_t ret[SMS_KEY_BYTES])
{
	char text[SECRET_TEXT_LENGTH + 1];
	bool decoded;

	secret_derive(secret, "codes by text message", text);
	decoded = hex_decode(text, ret, SMS_KEY_BYTES);
	assert(decoded);
	explicit_bzero(text, sizeof(text));
}

struct sms_settings sms_setup_with_keys(const struct config *config, const struct secret *secret)
{
	struct sms_settings settings = sms_setup(config);
	struct secret previous;

	settings.demo = config->demo != 0;
	derive(secret, settings.keys[settings.key_count++]);
	if (config->secret_previous[0] != '\0') {
		bool parsed = secret_parse(config->secret_previous, &previous);

		assert(parsed); /* config_load has validated the key */
		derive(&previous, settings.keys[settings.key_count++]);
		explicit_bzero(&previous, sizeof(previous));
	}
	return settings;
}

struct sending {
	struct sms_settings settings;
	const char *to;
	int status;
};

static void send_one(void *arg)
{
	struct sending *sending = arg;
	struct arena *arena = arena_new(ARENA_BYTES, NULL, NULL);
	const struct sms sms = {
	    .id = "test",
	    .to = sending->to,
	    .text = arena_printf(arena, "Text messages of %s work.", sending->settings.shop)};

	co_sleep_ms(1); /* the loop's clock stands still while the loop does not run */
	struct sms_verdict verdict =
	    sms_send(arena, &sending->settings, &sms, loop_now_ms() + LIMIT_DELIVERY_ATTEMPT_MS);

	printf("%s: %s\n", SMS_OUTCOME_NAMES[verdict.outcome], verdict.reason);
	sending->status = verdict.outcome == SMS_SENT ? 0 : 1;
	arena_free(arena);
	loop_stop();
}

int sms_setup_send(const struct config *config, const char *to)
{
	struct sending sending = {.settings = sms_setup(config), .status = 1};
	char phone[PHONE_LENGTH + 1];

	if (!phone_form(to, strlen(to), phone)) {
		say("sms test: --to must be a number with its calling code, such as +251911234567");
		return 1;
	}
	if (sms_route(&sending.settings, phone) == SMS_NOBODY) {
		say("sms test: no provider has that number; see SMS_ROUTES");
		return 1;
	}
	sending.to = phone;
	if (process_start_http_client(config) < 0)
		return 1;
	if (co_start(send_one, &sending) == 0)
		loop_run();
	http_client_stop();
	return sending.status;
}
