#include "node/account_setup.h"

#include <assert.h>
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/codec.h"
#include "net/log.h"
#include "net/places.h"
#include "node/identity_setup.h"

#define ANDROID "android:apk-key-hash:"

enum {
	HASH_BYTES = 32,
	DOMAIN_BYTES = 254,
	/* The settings are shorter in themselves, and a fingerprint than its base64url with
	   ANDROID. */
	ORIGINS_BYTES = 8 * 1024,
};

static struct {
	char domain[DOMAIN_BYTES + 1];
	char origins[ORIGINS_BYTES];
	struct places *places; /* until the process ends */
} kept;

/* Where each service verifies answers. */
static const char *const SERVICES[] = {
    [SUSPICION_NONE] = "",
    [SUSPICION_WORK] = "",
    [SUSPICION_HCAPTCHA] = "https://api.hcaptcha.com/siteverify",
    [SUSPICION_TURNSTILE] = "https://challenges.cloudflare.com/turnstile/v0/siteverify",
};

/* The origin of the public URL, without its path, and its host: "localhost" without one. */
static void split_public_url(const struct config *config, char origin[DOMAIN_BYTES + 40],
                             char host[DOMAIN_BYTES + 1])
{
	const char *at = strstr(config->public_url, "://");
	char listens[80];
	int port = 0;

	if (at == NULL) {
		bool is_split =
		    config_split_listen(config->listen, listens, sizeof(listens), &port);

		assert(is_split); /* find_mistake() has seen it */
		snprintf(host, DOMAIN_BYTES + 1, "localhost");
		snprintf(origin, DOMAIN_BYTES + 40, "http://localhost:%d", port);
		return;
	}
	size_t until_host = (size_t)(at + 3 - config->public_url);

	snprintf(host, DOMAIN_BYTES + 1, "%.*s", (int)strcspn(at + 3, ":/"), at + 3);
	snprintf(origin, DOMAIN_BYTES + 40, "%.*s", (int)(until_host + strcspn(at + 3, "/")),
	         config->public_url);
	ascii_lower(host);
	ascii_lower(origin);
}

/* Passkeys are for names: not for an address such as 192.0.2.1 or [2001:db8::1]. */
static bool is_name(const char *host)
{
	size_t length = strlen(host);

	return length > 0 && strchr(host, '[') == NULL && !isdigit((unsigned char)host[length - 1]);
}

static void add(const char *word, size_t length)
{
	size_t used = strlen(kept.origins);

	assert(used + length + 2 <= sizeof(kept.origins));
	snprintf(kept.origins + used, sizeof(kept.origins) - used, "%s%.*s", used > 0 ? " " : "",
	         (int)length, word);
}

/* An Android app signs as the hash of its certificate, which the fingerprint is. */
static void add_android(const char *fingerprint)
{
	uint8_t hash[HASH_BYTES];
	char origin[sizeof(ANDROID) + BASE64URL_LENGTH(HASH_BYTES)] = ANDROID;

	for (size_t i = 0; i < HASH_BYTES; i++)
		hash[i] = (uint8_t)(hex_digit(fingerprint[3 * i]) << 4 |
		                    hex_digit(fingerprint[3 * i + 1]));
	base64url_encode(hash, sizeof(hash), origin + sizeof(ANDROID) - 1);
	add(origin, strlen(origin));
}

static void add_all(const char *list, bool are_fingerprints)
{
	for (size_t length; *(list += strspn(list, " ")) != 0; list += length) {
		length = strcspn(list, " ");
		if (are_fingerprints)
			add_android(list);
		else
			add(list, length);
	}
}

struct account_settings account_setup(const struct config *config)
{
	char origin[DOMAIN_BYTES + 40], host[DOMAIN_BYTES + 1];

	assert(account_setup_mistake(config) == NULL);
	split_public_url(config, origin, host);
	if (config->passkey_domain[0] != 0)
		snprintf(kept.domain, sizeof(kept.domain), "%s", config->passkey_domain);
	else
		snprintf(kept.domain, sizeof(kept.domain), "%s", is_name(host) ? host : "");
	kept.origins[0] = 0;
	add(origin, strlen(origin));
	add_all(config->origins, false);
	add_all(config->passkey_origins, false);
	add_all(config->android_certificates, true);
	if (kept.places == NULL && config->countries_file[0] != 0) {
		const char *error;

		kept.places = places_open(config->countries_file, &error);
		if (kept.places == NULL)
			LOG_ERROR("countries are not known", log_str("cause", error));
	}
	return (struct account_settings){
	    .places = kept.places,
	    .suspicion =
	        {
	            .kind = (enum suspicion_kind)config->proof,
	            .site_key = config->proof_site_key,
	            .secret = config->proof_secret,
	            .url = config->proof_url[0] != 0 ? config->proof_url : SERVICES[config->proof],
	        },
	    .shop = config->mail_name[0] != 0 ? config->mail_name : "Sebez",
	    .passkey_domain = kept.domain,
	    .passkey_origins = kept.origins,
	};
}

const char *account_setup_mistake(const struct config *config)
{
	const char *domain = config->passkey_domain, *list = config->passkey_origins;
	char origin[DOMAIN_BYTES + 40], host[DOMAIN_BYTES + 1];
	size_t length = strlen(domain);

	if (strspn(domain, "abcdefghijklmnopqrstuvwxyz0123456789-.") != length)
		return "SEBEZ_PASSKEY_DOMAIN must be a domain in lower case: shop.example";
	split_public_url(config, origin, host);
	size_t whole = strlen(host);
	bool is_above = whole > length && host[whole - length - 1] == '.';

	if (length > 0 && config->public_url[0] != 0 &&
	    !((whole == length || is_above) && strcmp(host + whole - length, domain) == 0))
		return "SEBEZ_PASSKEY_DOMAIN must be the host of SEBEZ_PUBLIC_URL, or a domain "
		       "above it";
	for (size_t word; *(list += strspn(list, " ")) != 0; list += word) {
		word = strcspn(list, " ");
		if (strncmp(list, ANDROID, sizeof(ANDROID) - 1) != 0 &&
		    memmem(list, word, "://", 3) == NULL)
			return "SEBEZ_PASSKEY_ORIGINS must be origins with blanks between, each "
			       "scheme://host[:port] or " ANDROID "…";
	}
	if (config->countries_file[0] != 0) {
		const char *error;
		struct places *places = places_open(config->countries_file, &error);

		if (places == NULL)
			return "SEBEZ_COUNTRIES_FILE must be a file of MaxMind's format (.mmdb) "
			       "that can "
			       "be read";
		places_close(places);
	}
	if (config->proof > SUSPICION_WORK &&
	    (config->proof_site_key[0] == 0 || config->proof_secret[0] == 0))
		return "SEBEZ_PROOF names a service, so SEBEZ_PROOF_SITE_KEY and "
		       "SEBEZ_PROOF_SECRET must be set";
	return identity_setup_mistake(config);
}
