#include "shop/push/credentials.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/codec.h"

enum {
	FILE_BYTES_MAX = 32 * 1024, /* a service account has 2 KB */
	ARENA_BYTES = 256 * 1024,
};

/* The file's bytes with a 0 behind them; NULL: errno. */
static char *read_file(struct arena *arena, const char *path, size_t *ret_length)
{
	char *bytes = arena_alloc(arena, FILE_BYTES_MAX + 1);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t count = 0;

	*ret_length = 0;
	if (fd < 0)
		return NULL;
	do {
		*ret_length += (size_t)count;
		count = read(fd, bytes + *ret_length, FILE_BYTES_MAX - *ret_length);
	} while (count > 0);
	int why = errno;

	close(fd);
	errno = why;
	assert(*ret_length <= FILE_BYTES_MAX);
	return count == 0 ? bytes : NULL;
}

/* Where a mistake is told. */
struct telling {
	char *error;
	size_t size;
};

static bool tell(const struct telling *telling, const char *setting, const char *why)
{
	snprintf(telling->error, telling->size, "%s: %s", setting, why);
	return false;
}

static char *read_setting(struct arena *arena, const struct telling *telling, const char *setting,
                          const char *path, size_t *ret_length)
{
	char *bytes = read_file(arena, path, ret_length);

	if (bytes == NULL)
		tell(telling, setting, strerror(errno));
	return bytes;
}

static bool read_fcm(const struct push_settings *settings, struct push_credentials *ret,
                     const struct telling *telling)
{
	static const char NAME[] = "FCM_SERVICE_ACCOUNT_FILE";
	const char *error = "";
	size_t length;
	char *json = read_setting(ret->arena, telling, NAME, settings->fcm_account_file, &length);

	if (json == NULL)
		return false;
	if (!fcm_account_read(ret->arena, json, length, &ret->fcm, &error))
		return tell(telling, NAME, error);
	if (strncmp(ret->fcm.token_url, "https://", 8) != 0)
		return tell(telling, NAME, "its token_uri is not an https URL");
	ret->fcm_key = jwt_key_from_pem(ret->fcm.private_key, strlen(ret->fcm.private_key), &error);
	if (ret->fcm_key == NULL)
		return tell(telling, NAME, error);
	if (strcmp(jwt_key_algorithm(ret->fcm_key), "RS256") != 0)
		return tell(telling, NAME, "its private_key is not an RSA key");
	return true;
}

static bool read_apns(const struct push_settings *settings, struct push_credentials *ret,
                      const struct telling *telling)
{
	static const char NAME[] = "APNS_KEY_FILE";
	const char *error = "";
	size_t length;
	char *pem = read_setting(ret->arena, telling, NAME, settings->apns_key_file, &length);

	if (pem == NULL)
		return false;
	ret->apns_key = jwt_key_from_pem(pem, length, &error);
	if (ret->apns_key == NULL)
		return tell(telling, NAME, error);
	if (strcmp(jwt_key_algorithm(ret->apns_key), "ES256") != 0)
		return tell(telling, NAME, "the key is not on the curve P-256");
	return true;
}

/* As tools write VAPID keys: the secret number in base64url. */
static struct jwt_key *key_of_text(const char *text, size_t length)
{
	uint8_t secret[P256_SECRET_BYTES];
	char exact[BASE64URL_LENGTH(P256_SECRET_BYTES) + 1] = "";
	struct jwt_key *key = NULL;

	while (length > 0 && strchr(" \r\n", text[length - 1]) != NULL)
		length--;
	if (length != sizeof(exact) - 1)
		return NULL;
	memcpy(exact, text, length);
	if (base64url_decode(exact, secret, sizeof(secret)))
		key = jwt_key_from_secret(secret);
	explicit_bzero(exact, sizeof(exact));
	explicit_bzero(secret, sizeof(secret));
	return key;
}

static bool read_vapid(const struct push_settings *settings, struct push_credentials *ret,
                       const struct telling *telling)
{
	static const char NAME[] = "VAPID_KEY_FILE";
	const char *error = "it is neither PEM nor 43 characters of base64url";
	size_t length;
	char *text = read_setting(ret->arena, telling, NAME, settings->vapid_key_file, &length);

	if (text == NULL)
		return false;
	if (strncmp(text, "-----", 5) == 0)
		ret->vapid_key = jwt_key_from_pem(text, length, &error);
	else
		ret->vapid_key = key_of_text(text, length);
	if (ret->vapid_key == NULL)
		return tell(telling, NAME, error);
	if (strcmp(jwt_key_algorithm(ret->vapid_key), "ES256") != 0)
		return tell(telling, NAME, "the key is not on the curve P-256");
	return true;
}

bool push_credentials_read(const struct push_settings *settings, struct push_credentials *ret,
                           char *error, size_t error_size)
{
	const struct telling telling = {error, error_size};
	bool good;

	*ret = (struct push_credentials){.arena = arena_new(ARENA_BYTES, NULL, NULL)};
	good = (settings->fcm_account_file[0] == '\0' || read_fcm(settings, ret, &telling)) &&
	       (settings->apns_key_file[0] == '\0' || read_apns(settings, ret, &telling)) &&
	       (settings->vapid_key_file[0] == '\0' || read_vapid(settings, ret, &telling));
	if (!good)
		push_credentials_clear(ret);
	return good;
}

void push_credentials_clear(struct push_credentials *credentials)
{
	jwt_key_free(credentials->fcm_key);
	jwt_key_free(credentials->apns_key);
	jwt_key_free(credentials->vapid_key);
	arena_free(credentials->arena);
	*credentials = (struct push_credentials){0};
}

bool push_settings_check(const struct push_settings *settings, char *error, size_t error_size)
{
	struct push_credentials credentials;
	bool good = push_credentials_read(settings, &credentials, error, error_size);

	if (good)
		push_credentials_clear(&credentials);
	return good;
}

const char *push_vapid_public(struct arena *arena, const struct push_credentials *credentials)
{
	uint8_t point[P256_POINT_BYTES];
	char *text = arena_alloc(arena, BASE64URL_LENGTH(sizeof(point)) + 1);
	bool good = jwt_key_point(credentials->vapid_key, point);

	assert(good); /* read_vapid() has checked it */
	base64url_encode(point, sizeof(point), text);
	return text;
}
