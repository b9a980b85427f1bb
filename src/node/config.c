#include "node/config.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/address.h"
#include "base/log.h"
#include "net/smtp_url.h"
#include "node/account_setup.h"
#include "node/backup_bucket.h"
#include "node/config_files.h"
#include "node/payment_setup.h"
#include "node/secret.h"
#include "node/sms_setup.h"
#include "node/well_known.h"
#include "shop/mail/mail.h"
#include "shop/texts/texts.h"
#include "store/redis.h"
#include "web/origin.h"

static const char *const BOOL_WORDS[][2] = {
    {"no", "yes"}, {"false", "true"}, {"0", "1"}, {"off", "on"}};

static int choice_index(const char *choices, const char *word)
{
	int index = 0;
	size_t length = strlen(word);

	for (const char *at = choices; *at != '\0'; index++) {
		size_t span = strcspn(at, " ");

		if (span == length && length > 0 && memcmp(at, word, span) == 0)
			return index;
		at += span;
		at += strspn(at, " ");
	}
	return -1;
}

static bool parse_integer(const struct option *option, const char *text, int64_t *ret)
{
	char *end = NULL;
	long long value;

	errno = 0;
	value = strtoll(text, &end, 10);
	if (errno != 0 || end == text || *end != '\0')
		return false;
	if (value < option->min || value > option->max)
		return false;
	*ret = value;
	return true;
}

static bool parse_bool(const char *text, int64_t *ret)
{
	for (size_t i = 0; i < sizeof(BOOL_WORDS) / sizeof(BOOL_WORDS[0]); i++)
		for (int value = 0; value < 2; value++)
			if (strcmp(text, BOOL_WORDS[i][value]) == 0) {
				*ret = value;
				return true;
			}
	return false;
}

_Static_assert((int)LOG_THRESHOLD_ERROR + 1 == (int)LOG_LEVEL_COUNT &&
                   (int)LOG_THRESHOLD_DEBUG == (int)LOG_LEVEL_DEBUG,
               "a threshold is a level of the log");

static bool parse_value(const struct option *option, const char *text, struct config *config)
{
	assert(option->offset < sizeof(*config));

	void *field = (char *)config + option->offset;
	size_t length = strlen(text);
	int index;

	switch (option->type) {
	case OPTION_TEXT:
		if ((int64_t)length < option->min || (int64_t)length > option->max)
			return false;
		*(const char **)field = text;
		return true;
	case OPTION_INTEGER:
		return parse_integer(option, text, field);
	case OPTION_BOOL:
		return parse_bool(text, field);
	case OPTION_CHOICE:
		index = choice_index(option->choices, text);
		if (index >= 0)
			*(int64_t *)field = index;
		return index >= 0;
	case OPTION_TYPE_COUNT:
		break;
	}
	abort();
}

static void describe(const struct option *option, char *ret, size_t size)
{
	switch (option->type) {
	case OPTION_TEXT:
		snprintf(ret, size, "a text of %lld to %lld bytes", (long long)option->min,
		         (long long)option->max);
		return;
	case OPTION_INTEGER:
		snprintf(ret, size, "a whole number from %lld to %lld%s%s", (long long)option->min,
		         (long long)option->max, option->unit[0] != '\0' ? ", in " : "",
		         option->unit);
		return;
	case OPTION_BOOL:
		snprintf(ret, size, "yes or no");
		return;
	case OPTION_CHOICE:
		snprintf(ret, size, "one of: %s", option->choices);
		return;
	case OPTION_TYPE_COUNT:
		break;
	}
	abort();
}

static void refuse(const struct option *option, const char *text, char *error, size_t error_size)
{
	char wanted[160];

	describe(option, wanted, sizeof(wanted));
	if (option->secret)
		snprintf(error, error_size, "%s must be %s", option->name, wanted);
	else
		snprintf(error, error_size, "%s must be %s; it is \"%.80s\"", option->name, wanted,
		         text);
}

static bool is_key(const char *text)
{
	struct secret secret;
	bool good = text[0] == '\0' || secret_parse(text, &secret);

	explicit_bzero(&secret, sizeof(secret));
	return good;
}

static bool is_currency(const char *text)
{
	return text[0] == '\0' || strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == 3;
}

/* http(s)://host[:port], as a browser sends an origin. */
static bool is_http_origin(const char *text)
{
	return (strncmp(text, "http://", 7) == 0 || strncmp(text, "https://", 8) == 0) &&
	       strchr(text, ' ') == NULL && origins_are_good(text);
}

/* An origin, and a path without a slash at its end. */
static bool is_base_url(const char *text)
{
	const char *host = strstr(text, "://");
	size_t length = host == NULL ? 0 : (size_t)(host - text) + 3 + strcspn(host + 3, "/");
	char origin[320];

	assert(strlen(text) < sizeof(origin)); /* a setting's maximum length */
	snprintf(origin, sizeof(origin), "%.*s", (int)length, text);
	return is_http_origin(origin) && text[strlen(text) - 1] != '/' &&
	       strpbrk(text + length, " ?#\"'<>") == NULL;
}

static bool is_bucket(const char *text)
{
	return strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-.") == strlen(text) &&
	       strlen(text) >= 3 && strstr(text, "..") == NULL && strchr("-.", text[0]) == NULL;
}

static bool is_region(const char *text)
{
	return strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-") == strlen(text);
}

static const char *find_mistake_of_media(const struct config *config)
{
	assert(config->s3_bucket != NULL); /* a text of the table */
	if (config->s3_bucket[0] != '\0' && !is_bucket(config->s3_bucket))
		return "S3_BUCKET must be the name of a bucket: 3 to 63 small letters, digits, "
		       "hyphens and dots";
	if (config->s3_bucket[0] == '\0' && config->media_store != MEDIA_STORE_AUTO &&
	    config->media_store != MEDIA_STORE_FOLDER)
		return "SEBEZ_MEDIA_STORE names s3, so S3_BUCKET must be set";
	if (config->s3_endpoint[0] != '\0' && !is_http_origin(config->s3_endpoint))
		return "S3_ENDPOINT must be http://host or https://host, with a port that is not "
		       "the scheme's own, in lower case and without a path";
	if (config->s3_public_url[0] != '\0' && !is_http_origin(config->s3_public_url))
		return "S3_PUBLIC_URL must be http://host or https://host, with a port that is not "
		       "the scheme's own, in lower case and without a path";
	if (!is_region(config->s3_region))
		return "S3_REGION must be small letters, digits and hyphens";
	if ((config->s3_access_key_id[0] == '\0') != (config->s3_secret_access_key[0] == '\0'))
		return "S3_ACCESS_KEY_ID and S3_SECRET_ACCESS_KEY must be set together";
	if (config->media_url[0] != '\0' && !is_base_url(config->media_url))
		return "SEBEZ_MEDIA_URL must be http:// or https:// with a host in lower case and "
		       "perhaps a path, without a slash at its end";
	return NULL;
}

static bool is_apple_id(const char *text)
{
	return strlen(text) == 10 &&
	       strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") == strlen(text);
}

static bool is_bundle_id(const char *text)
{
	return text[0] != '\0' &&
	       strspn(text, "abcdefghijklmnopqrstuvwxyz"
	                    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.") == strlen(text);
}

static bool is_contact(const char *text)
{
	return (strncmp(text, "mailto:", 7) == 0 && strchr(text, '@') != NULL) ||
	       (strncmp(text, "https://", 8) == 0 && text[8] != '\0');
}

static const char *find_mistake_of_origins(const struct config *config)
{
	if (!is_http_origin(config->fcm_origin))
		return "FCM_ORIGIN must be https://host, in lower case and without a path";
	if (!is_http_origin(config->apns_origin))
		return "APNS_ORIGIN must be https://host, in lower case and without a path";
	if (!is_http_origin(config->apns_sandbox_origin))
		return "APNS_SANDBOX_ORIGIN must be https://host, in lower case and without a path";
	if (!is_http_origin(config->expo_origin))
		return "EXPO_ORIGIN must be https://host, in lower case and without a path";
	return NULL;
}

static const char *find_mistake_of_push(const struct config *config)
{
	assert(config->fcm_origin != NULL); /* a text of the table */
	if (config->apns_key_file[0] != '\0' && !is_apple_id(config->apns_key_id))
		return "APNS_KEY_FILE is set, so APNS_KEY_ID must be 10 capital letters and digits";
	if (config->apns_key_file[0] != '\0' && !is_apple_id(config->apns_team_id))
		return "APNS_KEY_FILE is set, so APNS_TEAM_ID must be 10 capital letters and "
		       "digits";
	if (config->apns_key_file[0] != '\0' && !is_bundle_id(config->apns_topic))
		return "APNS_KEY_FILE is set, so APNS_TOPIC must be the bundle id of the app";
	if (config->vapid_key_file[0] != '\0' && !is_contact(config->vapid_subject))
		return "VAPID_KEY_FILE is set, so VAPID_SUBJECT must be mailto: with an address, "
		       "or an https URL";
	if (strpbrk(config->expo_access_token, " \r\n\t") != NULL)
		return "EXPO_ACCESS_TOKEN must be one word";
	return find_mistake_of_origins(config);
}

/* local@domain of ASCII, which stands in headers and commands. */
static bool is_mail_address(const char *text)
{
	const char *at = strrchr(text, '@');

	for (const char *c = text; *c != '\0'; c++)
		if ((unsigned char)*c <= ' ' || (unsigned char)*c >= 0x7f ||
		    strchr("<>,;\"\\", *c) != NULL)
			return false;
	return at != NULL && at != text && at[1] != '\0' && strchr(text, '@') == at;
}

/* What links are made of by adding a path. */
static bool is_url_prefix(const char *text)
{
	size_t scheme = strncmp(text, "https://", 8) == 0  ? 8
	                : strncmp(text, "http://", 7) == 0 ? 7
	                                                   : 0;
	size_t length = strlen(text);

	for (const char *c = text; *c != '\0'; c++)
		if ((unsigned char)*c <= ' ' || (unsigned char)*c >= 0x7f ||
		    strchr("<>\"\\?#@", *c) != NULL)
			return false;
	return scheme > 0 && length > scheme && text[scheme] != '/' && text[length - 1] != '/';
}

static const char *find_mistake_of_mail(const struct config *config)
{
	bool signs = config->dkim_key_file[0] != '\0';

	if (config->smtp_url[0] != '\0' && !smtp_url_read(config->smtp_url, &(struct smtp_url){0}))
		return "SEBEZ_SMTP_URL must be smtp://user:password@host:port or smtps://…, or "
		       "without user and password";
	if (config->mail_from[0] != '\0' && !is_mail_address(config->mail_from))
		return "SEBEZ_MAIL_FROM must be an address of e-mail";
	if (config->smtp_url[0] != '\0' && config->mail_from[0] == '\0')
		return "SEBEZ_SMTP_URL is set, so SEBEZ_MAIL_FROM must be, too";
	if (config->public_url[0] != '\0' && !is_url_prefix(config->public_url))
		return "SEBEZ_PUBLIC_URL must be http:// or https:// and a host, without a slash "
		       "at its end";
	if (config->smtp_url[0] != '\0' && config->public_url[0] == '\0')
		return "SEBEZ_SMTP_URL is set, so SEBEZ_PUBLIC_URL must be, too";
	if (config->bounce_address[0] != '\0' &&
	    (!is_mail_address(config->bounce_address) ||
	     strchr(config->bounce_address, '@') - config->bounce_address > BOUNCE_NAME_MAX))
		return "SEBEZ_BOUNCE_ADDRESS must be an address of e-mail with at most 13 "
		       "characters before the @";
	if (config->mail_webhook_secret[0] != '\0' && strlen(config->mail_webhook_secret) < 16)
		return "SEBEZ_MAIL_WEBHOOK_SECRET must have 16 characters at least";
	if (signs && config->mail_from[0] == '\0')
		return "SEBEZ_DKIM_KEY_FILE is set, so SEBEZ_MAIL_FROM must be, too";
	if (signs != (config->dkim_selector[0] != '\0'))
		return "SEBEZ_DKIM_KEY_FILE and SEBEZ_DKIM_SELECTOR must be set together";
	if (strspn(config->dkim_selector,
	           "abcdefghijklmnopqrstuvwxyz"
	           "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._") != strlen(config->dkim_selector))
		return "SEBEZ_DKIM_SELECTOR must be letters, digits, hyphens and dots";
	return NULL;
}

static const char *find_mistake_of_backups(const struct config *config)
{
	char bucket[64], prefix[BACKUP_PREFIX_MAX];

	if (!is_key(config->backup_key))
		return "SEBEZ_BACKUP_KEY must be 32 bytes, as 64 hexadecimal digits or as base64";
	if (config->backup_s3_endpoint[0] != '\0' && !is_http_origin(config->backup_s3_endpoint))
		return "BACKUP_S3_ENDPOINT must be http://host or https://host, with a port that "
		       "is "
		       "not the scheme's own, in lower case and without a path";
	if (!is_region(config->backup_s3_region))
		return "BACKUP_S3_REGION must be small letters, digits and hyphens";
	if ((config->backup_s3_access_key_id[0] == '\0') !=
	    (config->backup_s3_secret_access_key[0] == '\0'))
		return "BACKUP_S3_ACCESS_KEY_ID and BACKUP_S3_SECRET_ACCESS_KEY must be set "
		       "together";
	if (config->backup_s3_endpoint[0] != '\0' && config->backup_s3_access_key_id[0] == '\0' &&
	    strcmp(config->backup_s3_endpoint, config->s3_endpoint) != 0)
		return "BACKUP_S3_ENDPOINT is set, so BACKUP_S3_ACCESS_KEY_ID must be, too: the "
		       "key "
		       "for images is not sent to another store";
	if (config->backup_url[0] == '\0')
		return NULL;
	if (!backup_bucket_parse(config->backup_url, bucket, prefix))
		return "SEBEZ_BACKUP_URL must be s3://bucket or s3://bucket/prefix, the prefix of "
		       "letters, digits and -_./, without a slash at its end";
	if (config->backup_folder[0] == '\0')
		return "SEBEZ_BACKUP_URL is set, so SEBEZ_BACKUP_FOLDER must be, too";
	return NULL;
}

/* Checks what the table cannot express: returns a sentence, or NULL when all values are valid. */
static const char *find_mistake(const struct config *config)
{
	const char *mistake;
	char host[80];
	int port;

	if (!config_split_listen(config->listen, host, sizeof(host), &port))
		return "SEBEZ_LISTEN must be address:port, or [address]:port for IPv6";
	if (!is_currency(config->currency))
		return "SEBEZ_CURRENCY must be three capital letters";
	if (!text_language_exists(config->language))
		return "SEBEZ_LANGUAGE must be a language that has texts, such as en or am";
	if (!origins_are_good(config->origins))
		return "SEBEZ_ORIGINS must be origins with blanks between, each scheme://host or "
		       "scheme://host:port as browsers send it: in lower case, without a path, a "
		       "slash at its end or the scheme's own port";
	if (!networks_parse(config->allowed_networks, &(struct networks){0}))
		return "SEBEZ_ALLOWED_NETWORKS must be networks (address/bits, without bits behind "
		       "the prefix) or addresses with blanks between, 32 at most";
	if (config->ca_file[0] != '\0' && access(config->ca_file, R_OK) != 0)
		return "SEBEZ_CA_FILE must be a file that can be read";
	if (config->traces_url[0] != '\0' && !is_base_url(config->traces_url))
		return "SEBEZ_TRACES_URL must be http:// or https:// with a host in lower case and "
		       "a path, without a slash at its end";
	if (!is_key(config->secret))
		return "SEBEZ_SECRET must be 32 bytes, as 64 hexadecimal digits or as base64";
	if (!is_key(config->secret_previous))
		return "SEBEZ_SECRET_PREVIOUS must be 32 bytes, as 64 hexadecimal digits or as "
		       "base64";
	if (config->secret_previous[0] != '\0' && config->secret[0] == '\0')
		return "SEBEZ_SECRET_PREVIOUS must not be set without SEBEZ_SECRET";
	if (config->redis_url[0] != '\0' && !redis_url_is_good(config->redis_url))
		return "REDIS_URL must be redis://[[user]:password@]host[:port] or unix:/path";
	const struct sms_settings sms = sms_setup(config);
	const struct payment_settings payments = payment_setup(config);

	mistake = find_mistake_of_backups(config);
	if (mistake == NULL)
		mistake = sms_settings_mistake(&sms);
	if (mistake == NULL && !is_http_origin(config->twilio_origin))
		mistake = "TWILIO_ORIGIN must be https://host, in lower case and without a path";
	if (mistake == NULL)
		mistake = payment_settings_mistake(&payments);
	if (mistake == NULL)
		mistake = find_mistake_of_media(config);
	if (mistake == NULL)
		mistake = find_mistake_of_push(config);
	if (mistake == NULL)
		mistake = find_mistake_of_mail(config);
	if (mistake == NULL)
		mistake = well_known_mistake(config);
	return mistake != NULL ? mistake : account_setup_mistake(config);
}

/* Copies texts of the environment, so that later changes of the environment do not affect them. */
static void keep_texts(struct config *config)
{
	for (size_t i = 0; i < OPTION_COUNT; i++) {
		const char **field = (const char **)((char *)config + OPTIONS[i].offset);

		if (OPTIONS[i].type != OPTION_TEXT || *field == OPTIONS[i].fallback)
			continue;
		assert(*field != NULL);
		*field = strdup(*field);
		assert(*field != NULL);
	}
}

int config_load(struct config *ret, char *error, size_t error_size)
{
	struct config config = {0};
	long cores = sysconf(_SC_NPROCESSORS_ONLN);
	const char *mistake;
	int rc = config_take_files(error, error_size);

	if (rc < 0)
		return rc;
	for (size_t i = 0; i < OPTION_COUNT; i++) {
		const struct option *option = &OPTIONS[i];
		const char *text = getenv(option->name);

		/* An empty variable counts as unset. */
		if (text == NULL || text[0] == '\0')
			text = option->fallback;
		assert(text != NULL && option->min <= option->max);
		if (!parse_value(option, text, &config)) {
			refuse(option, text, error, error_size);
			return -EINVAL;
		}
	}
	mistake = find_mistake(&config);
	if (mistake != NULL) {
		snprintf(error, error_size, "%s", mistake);
		return -EINVAL;
	}
	keep_texts(&config);
	assert(config.s3_bucket != NULL);
	if (config.processes == 0)
		config.processes = cores > 256 ? 256 : cores < 1 ? 1 : cores;
	if (config.media_store == MEDIA_STORE_AUTO)
		config.media_store =
		    config.s3_bucket[0] != '\0' ? MEDIA_STORE_S3 : MEDIA_STORE_FOLDER;
	assert(config.processes >= 1 && config.db_connections >= 1 && config.db_leased >= 1);
	*ret = config;
	return 0;
}

bool config_needs_folder(const struct config *config)
{
	assert(config->media_store != MEDIA_STORE_AUTO); /* config_load has decided */
	return config->database_url[0] == '\0' || config->redis_url[0] == '\0' ||
	       config->media_store != MEDIA_STORE_S3;
}

bool config_split_listen(const char *listen, char *host, size_t host_size, int *ret_port)
{
	const char *colon = strrchr(listen, ':');
	const char *start = listen;
	const char *end = colon;
	char *rest;
	long port;

	if (colon == NULL || colon[1] < '0' || colon[1] > '9')
		return false;
	if (start[0] == '[') {
		if (end == start || end[-1] != ']')
			return false;
		start++;
		end--;
	} else if (memchr(start, ':', (size_t)(end - start)) != NULL) {
		return false;
	}
	port = strtol(colon + 1, &rest, 10);
	if (*rest != '\0' || port > 65535 || end <= start || (size_t)(end - start) >= host_size)
		return false;
	memcpy(host, start, (size_t)(end - start));
	host[end - start] = '\0';
	*ret_port = (int)port;
	return true;
}
