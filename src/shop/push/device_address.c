#include "shop/push/device_address.h"

#include <assert.h>
#include <string.h>

#include "base/codec.h"
#include "base/limits.h"
#include "shop/push/internal.h"
#include "web/check.h"

enum {
	FCM_TOKEN_LENGTH_MIN = 16, /* today's have 140 to 250 */
	FID_LENGTH = 22,           /* 17 bytes, of which the last character has two bits */
	APNS_TOKEN_LENGTH_MIN = 64,
};

#define BASE64URL "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

/* By provider. */
static const struct provider_row {
	bool serves[3];    /* by platform */
	bool addresses[3]; /* by kind */
	const char *platforms, *kinds;
} PROVIDERS[] = {
    [PUSH_PROVIDER_FCM] = {{true, true, true}, {true, true, false}, "", "token or fid"},
    [PUSH_PROVIDER_APNS] = {{true, false, false}, {true, false, false}, "ios", "token"},
    [PUSH_PROVIDER_WEBPUSH] = {{false, false, true}, {false, false, true}, "web", "endpoint"},
    [PUSH_PROVIDER_EXPO] = {{true, true, false}, {true, false, false}, "ios or android", "token"},
};

_Static_assert((int)DEVICE_PLATFORM_IOS == 0 && (int)DEVICE_PLATFORM_ANDROID == 1 &&
                   (int)DEVICE_PLATFORM_WEB == 2,
               "columns of the table");
_Static_assert((int)PUSH_ADDRESS_KIND_TOKEN == 0 && (int)PUSH_ADDRESS_KIND_FID == 1 &&
                   (int)PUSH_ADDRESS_KIND_ENDPOINT == 2,
               "columns of the table");

static bool consists_of(const char *text, const char *characters)
{
	return text[strspn(text, characters)] == 0;
}

static _Noreturn void refuse_address(struct request *rq, const char *rule)
{
	task_end_field(&rq->task, "/address", "format", "%s", rule);
}

static void check_fcm(struct request *rq, const struct put_device_in *in)
{
	size_t length = strlen(in->address);

	if (in->address_kind == PUSH_ADDRESS_KIND_FID) {
		if (length != FID_LENGTH || !consists_of(in->address, BASE64URL))
			refuse_address(rq, "must be a Firebase installation id of 22 characters");
	} else if (length < FCM_TOKEN_LENGTH_MIN || !consists_of(in->address, BASE64URL ":")) {
		refuse_address(rq, "must be a registration token of Firebase");
	}
}

const char *apns_token_of(struct request *rq, const char *field, const char *typed)
{
	char *text = arena_strdup(rq->task.arena, typed);
	size_t length = strlen(text);

	if (!apns_is_address(text) || length < APNS_TOKEN_LENGTH_MIN || length % 2 != 0)
		task_end_field(&rq->task, field, "format",
		               "must be a token of APNs, 64 or more hexadecimal digits");
	ascii_lower(text);
	return text;
}

static void check_endpoint(struct request *rq, const char *endpoint)
{
	const char *wrong = check_web_address(endpoint);
	const char *origin = web_push_origin(rq->task.arena, endpoint);

	if (wrong != NULL)
		refuse_address(rq, wrong);
	if (origin == NULL)
		refuse_address(rq, "must be an https address");
	for (const char *c = endpoint; *c != 0; c++)
		if ((unsigned char)*c >= 0x7f)
			refuse_address(rq, "must be ASCII; percent-encode other characters");
	if (strlen(origin) > LIMIT_DESTINATION_BYTES)
		refuse_address(rq, "must have a shorter host");
}

/* Browsers give keys without padding, libraries of apps some with. */
static void read_key(struct request *rq, const char *field, const char *text, uint8_t *ret,
                     size_t count)
{
	size_t length;
	char *bare;

	if (text == NULL)
		task_end_field(&rq->task, field, "required",
		               "is required of a browser's subscription");
	bare = arena_strdup(rq->task.arena, text);
	for (length = strlen(bare); length > 0 && bare[length - 1] == '='; length--)
		bare[length - 1] = 0;
	if (!base64url_decode(bare, ret, count))
		task_end_field(&rq->task, field, "format", "must be %zu bytes as base64url", count);
}

static struct web_push_keys keys_of(struct request *rq, const struct put_device_in *in)
{
	struct web_push_keys keys;

	read_key(rq, "/p256dh", in->p256dh, keys.point, sizeof(keys.point));
	read_key(rq, "/auth", in->auth, keys.auth, sizeof(keys.auth));
	if (!web_push_keys_are_valid(&keys))
		task_end_field(&rq->task, "/p256dh", "format",
		               "must be a point of the curve P-256");
	return keys;
}

static void refuse_keys(struct request *rq, const struct put_device_in *in)
{
	const char *field = in->p256dh != NULL ? "/p256dh" : "/auth";

	if (in->p256dh != NULL || in->auth != NULL)
		task_end_field(&rq->task, field, "unexpected",
		               "is only of a browser's subscription (webpush)");
}

static void check_provider(struct request *rq, const struct put_device_in *in)
{
	const struct provider_row *row = &PROVIDERS[in->provider];

	assert((size_t)in->provider < sizeof(PROVIDERS) / sizeof(PROVIDERS[0]));
	if (!row->serves[in->platform])
		task_end_field(&rq->task, "/platform", "provider", "%s serves %s only",
		               PUSH_PROVIDER_NAMES[in->provider], row->platforms);
	if (!row->addresses[in->address_kind])
		task_end_field(&rq->task, "/address_kind", "provider", "of %s must be %s",
		               PUSH_PROVIDER_NAMES[in->provider], row->kinds);
	if (in->environment == PUSH_ENVIRONMENT_SANDBOX && in->provider != PUSH_PROVIDER_APNS)
		task_end_field(&rq->task, "/environment", "provider",
		               "must be production but for apns");
	if (in->shows_itself &&
	    (in->platform != DEVICE_PLATFORM_ANDROID || in->provider != PUSH_PROVIDER_FCM))
		task_end_field(&rq->task, "/shows_itself", "provider",
		               "must be false but for android with fcm");
}

struct device_address device_address_of(struct request *rq, const struct put_device_in *in)
{
	struct device_address ret = {.text = in->address};

	check_provider(rq, in);
	if (in->start_token != NULL && in->provider != PUSH_PROVIDER_APNS)
		task_end_field(&rq->task, "/start_token", "unexpected", "is only of apns");
	if (in->start_token != NULL)
		ret.start_token = apns_token_of(rq, "/start_token", in->start_token);
	if (in->provider != PUSH_PROVIDER_WEBPUSH)
		refuse_keys(rq, in);
	switch (in->provider) {
	case PUSH_PROVIDER_FCM:
		check_fcm(rq, in);
		break;
	case PUSH_PROVIDER_APNS:
		ret.text = apns_token_of(rq, "/address", in->address);
		break;
	case PUSH_PROVIDER_EXPO:
		if (!expo_is_address(in->address))
			refuse_address(rq, "must be a push token of Expo (ExponentPushToken[…])");
		break;
	case PUSH_PROVIDER_WEBPUSH:
		check_endpoint(rq, in->address);
		ret.keys = keys_of(rq, in);
		ret.has_keys = true;
		break;
	case PUSH_PROVIDER_COUNT:
		assert(false);
	}
	assert(ret.text[0] != 0);
	return ret;
}
