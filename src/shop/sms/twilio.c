/* Twilio and services that speak its protocol:
 * https://www.twilio.com/docs/messaging/api/message-resource */
#include <assert.h>
#include <jansson.h>
#include <sodium.h>
#include <string.h>

#include "shop/sms/provider.h"
#include "web/json_parse.h"

enum { RATE_DELAY_MS = 60 * 1000 };

/* Codes of https://www.twilio.com/docs/api/errors; of others the status decides. */
static const struct {
	long long code;
	enum sms_outcome outcome;
} ERRORS[] = {
    {20003, SMS_ALARM},          /* wrong credentials */
    {20005, SMS_ALARM},          /* the account is not active */
    {20429, SMS_RETRY},          /* too many requests */
    {21211, SMS_NUMBER_REFUSED}, /* not a number */
    {21214, SMS_NUMBER_REFUSED}, /* cannot be reached */
    {21217, SMS_NUMBER_REFUSED}, /* not a number */
    {21408, SMS_NUMBER_REFUSED}, /* the account may not send to that country */
    {21606, SMS_ALARM},          /* the sender is not ours */
    {21610, SMS_NUMBER_REFUSED}, /* its owner has answered STOP */
    {21611, SMS_RETRY},          /* the sender's queue is full */
    {21612, SMS_NUMBER_REFUSED}, /* no route from the sender to that number */
    {21614, SMS_NUMBER_REFUSED}, /* not a mobile telephone */
    {21659, SMS_ALARM},          /* the sender is not ours */
    {30001, SMS_RETRY},          /* queue overflow */
    {30003, SMS_NUMBER_REFUSED}, /* unreachable */
    {30005, SMS_NUMBER_REFUSED}, /* unknown */
    {30006, SMS_NUMBER_REFUSED}, /* a landline */
    {63038, SMS_ALARM},          /* the account's daily limit */
};

static const char *authorization(struct arena *arena, const struct sms_settings *settings)
{
	const char *pair =
	    arena_printf(arena, "%s:%s", settings->twilio_account_sid, settings->twilio_auth_token);
	size_t size = sodium_base64_encoded_len(strlen(pair), sodium_base64_VARIANT_ORIGINAL);
	char *coded = arena_alloc(arena, size);

	sodium_bin2base64(coded, size, (const uint8_t *)pair, strlen(pair),
	                  sodium_base64_VARIANT_ORIGINAL);
	return arena_printf(arena, "Basic %s", coded);
}

static void add(struct buf *body, const char *name, const char *value)
{
	if (body->length > 0)
		buf_add_char(body, '&');
	buf_add_str(body, name);
	buf_add_char(body, '=');
	form_add(body, value);
}

struct sms_request twilio_build(struct arena *arena, const struct sms_settings *settings,
                                const struct sms *sms)
{
	struct sms_request request = {
	    .url = arena_printf(arena, "%s/2010-04-01/Accounts/%s/Messages.json",
	                        settings->twilio_origin, settings->twilio_account_sid),
	    .headers = {{"Content-Type", "application/x-www-form-urlencoded"},
	                {"Authorization", authorization(arena, settings)}},
	    .header_count = 2,
	    .body = buf_new(arena, 512),
	};
	bool is_service = strncmp(settings->from, "MG", 2) == 0;

	assert(settings->twilio_account_sid[0] != '\0' && settings->from[0] != '\0');
	add(&request.body, "To", sms->to);
	add(&request.body, is_service ? "MessagingServiceSid" : "From", settings->from);
	add(&request.body, "Body", sms->text);
	return request;
}

/* 0: the answer has none. */
static long long code_of(const struct http_client_response *response)
{
	long long code = 0;
	json_t *json = NULL;

	if (json_depth_is_fine(response->body, response->body_length))
		json = json_loadb(response->body, response->body_length, 0, NULL);
	code = json_integer_value(json_object_get(json, "code"));
	json_decref(json);
	return code;
}

struct sms_verdict twilio_judge(struct arena *arena, const struct http_client_response *response)
{
	struct sms_verdict verdict = sms_verdict_of_status(arena, response->status);
	long long code = verdict.outcome == SMS_SENT ? 0 : code_of(response);

	if (code > 0)
		verdict.reason = arena_printf(arena, "Twilio's error %lld", code);
	for (size_t i = 0; code > 0 && i < sizeof(ERRORS) / sizeof(ERRORS[0]); i++)
		if (ERRORS[i].code == code)
			verdict.outcome = ERRORS[i].outcome;
	if (verdict.outcome == SMS_RETRY && verdict.delay_ms == 0)
		verdict.delay_ms = RATE_DELAY_MS;
	return verdict;
}
