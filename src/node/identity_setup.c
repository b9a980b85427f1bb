#include "node/identity_setup.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/jwt.h"
#include "net/co.h"
#include "net/http_client.h"
#include "net/loop.h"
#include "node/process.h"
#include "node/say.h"

enum { APPLE_ID_LENGTH = 10 };

static struct identity_settings texts_of(const struct config *config)
{
	return (struct identity_settings){
	    .google_client_ids = config->google_client_ids,
	    .google_keys_url = config->google_keys_url,
	    .apple_client_ids = config->apple_client_ids,
	    .apple_url = config->apple_url,
	    .apple_team_id = config->apple_team_id,
	    .apple_key_id = config->apple_key_id,
	};
}

/* NULL: *ret_error says why. */
static struct jwt_key *read_key(const char *path, const char **ret_error)
{
	FILE *file = fopen(path, "re");
	char *pem = calloc(1, JWT_PEM_BYTES_MAX + 1);
	struct jwt_key *key = NULL;

	*ret_error = pem == NULL ? "no memory" : strerror(errno);
	if (file != NULL && pem != NULL) {
		size_t length = fread(pem, 1, JWT_PEM_BYTES_MAX, file);

		key = jwt_key_from_pem(pem, length, ret_error);
		explicit_bzero(pem, length);
	}
	if (key != NULL && strcmp(jwt_key_algorithm(key), "ES256") != 0) {
		*ret_error = "the key is not on the curve P-256";
		jwt_key_free(key);
		key = NULL;
	}
	if (file != NULL)
		fclose(file);
	free(pem);
	return key;
}

int identity_setup(const struct config *config, struct identity_settings *ret)
{
	struct identity_settings settings = texts_of(config);
	const char *error;

	assert(identity_setup_mistake(config) == NULL);
	if (config->apple_key_file[0] != 0) {
		settings.apple_key = read_key(config->apple_key_file, &error);
		if (settings.apple_key == NULL) {
			say("APPLE_KEY_FILE: %s", error);
			return -EINVAL;
		}
	}
	*ret = settings;
	return 0;
}

int identity_setup_check(const struct config *config)
{
	struct identity_settings settings;
	int rc = identity_setup(config, &settings);

	if (rc == 0)
		jwt_key_free((struct jwt_key *)settings.apple_key);
	return rc;
}

static bool is_apple_id(const char *text)
{
	return strlen(text) == APPLE_ID_LENGTH &&
	       strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") == APPLE_ID_LENGTH;
}

static bool is_loopback(const char *text)
{
	static const char *const BEGINNINGS[] = {"http://127.0.0.1", "http://localhost",
	                                         "http://[::1]"};

	for (size_t i = 0; i < sizeof(BEGINNINGS) / sizeof(BEGINNINGS[0]); i++) {
		size_t length = strlen(BEGINNINGS[i]);

		if (strncmp(text, BEGINNINGS[i], length) == 0)
			return text[length] == 0 || text[length] == ':' || text[length] == '/';
	}
	return false;
}

/* A host, and perhaps a path. What it answers decides who somebody is, so only this machine may
 * answer without TLS. */
static bool is_url(const char *text)
{
	return (strncmp(text, "https://", 8) == 0 || is_loopback(text)) &&
	       strpbrk(text, " #@") == NULL && text[strlen(text) - 1] != '/';
}

const char *identity_setup_mistake(const struct config *config)
{
	if (!is_url(config->google_keys_url))
		return "GOOGLE_KEYS_URL must be an https URL (http only on this machine)";
	if (!is_url(config->apple_url))
		return "APPLE_URL must be https:// and a host, without a slash at its end (http "
		       "only on this machine)";
	if (config->apple_key_file[0] == 0)
		return NULL;
	if (config->apple_client_ids[0] == 0)
		return "APPLE_KEY_FILE is set, so APPLE_CLIENT_IDS must be, too";
	if (!is_apple_id(config->apple_key_id))
		return "APPLE_KEY_FILE is set, so APPLE_KEY_ID must be 10 capital letters and "
		       "digits";
	if (!is_apple_id(config->apple_team_id))
		return "APPLE_KEY_FILE is set, so APPLE_TEAM_ID must be 10 capital letters and "
		       "digits";
	return NULL;
}

struct probe {
	struct identity_settings settings;
	accounts_report_fn *report;
};

static void run(void *arg)
{
	struct probe *probe = arg;

	co_sleep_ms(1); /* the loop's clock stands still while the loop does not run */
	accounts_probe_identity(&probe->settings, probe->report, NULL);
	loop_stop();
}

void identity_setup_probe(const struct config *config, accounts_report_fn *report)
{
	struct probe probe = {texts_of(config), report};
	const char *error = "";

	if (config->apple_key_file[0] != 0) {
		struct jwt_key *key = read_key(config->apple_key_file, &error);

		report(NULL, key != NULL, "APPLE_KEY_FILE", key != NULL ? "" : error);
		jwt_key_free(key);
	}
	if (config->google_client_ids[0] == 0 && config->apple_client_ids[0] == 0)
		return;
	if (process_start_http_client(config) < 0) {
		report(NULL, false, "identity providers", "see above");
		return;
	}
	if (co_start(run, &probe) == 0)
		loop_run();
	http_client_stop();
}
