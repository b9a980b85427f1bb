#include "node/config.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/address.h"
#include "base/log.h"
#include "node/secret.h"
#include "store/redis.h"
#include "web/origin.h"

#define TEXT(env, field, fallback, min, max, prose)                                                \
	{                                                                                          \
		env, OPTION_TEXT, offsetof(struct config, field), fallback, min, max, NULL, "",    \
		    false, prose                                                                   \
	}
#define SECRET(env, field, max, prose)                                                             \
	{                                                                                          \
		env, OPTION_TEXT, offsetof(struct config, field), "", 0, max, NULL, "", true,      \
		    prose                                                                          \
	}
#define INTEGER(env, field, fallback, min, max, unit, prose)                                       \
	{                                                                                          \
		env, OPTION_INTEGER, offsetof(struct config, field), fallback, min, max, NULL,     \
		    unit, false, prose                                                             \
	}
#define BOOLEAN(env, field, fallback, prose)                                                       \
	{                                                                                          \
		env, OPTION_BOOL, offsetof(struct config, field), fallback, 0, 1, NULL, "", false, \
		    prose                                                                          \
	}
#define CHOICE(env, field, fallback, choices, prose)                                               \
	{                                                                                          \
		env, OPTION_CHOICE, offsetof(struct config, field), fallback, 0, 0, choices, "",   \
		    false, prose                                                                   \
	}

/* Initial settings of a new database; later changes are stored in the database. */
#define LATER " Changed later with PUT /v1/admin/settings."

const struct option OPTIONS[] = {
    TEXT(
        "SEBEZ_LISTEN", listen, "127.0.0.1:8080", 3, 80,
        "Address to listen on: address:port, or [address]:port for IPv6. Port 0 picks a free one."),
    TEXT("SEBEZ_DATA", data, "./var", 1, 800,
         "The data folder: the secret, the embedded PostgreSQL and Redis, their sockets and logs."),
    SECRET(
        "DATABASE_URL", database_url, 2000,
        "PostgreSQL to use, as a URL or key=value text, with a login that may create roles. Empty: "
        "an embedded PostgreSQL under SEBEZ_DATA."),
    SECRET("REDIS_URL", redis_url, 2000,
           "Redis or Valkey to use: redis://[[user]:password@]host[:port] or unix:/path. Empty: an "
           "embedded one."),
    SECRET(
        "SEBEZ_SECRET", secret, 200,
        "Key from which tokens and database passwords are derived: 32 bytes as 64 hexadecimal "
        "digits "
        "or as base64. Empty: the one in SEBEZ_DATA/secret, which is created unless DATABASE_URL "
        "is set."),
    SECRET("SEBEZ_SECRET_PREVIOUS", secret_previous, 200,
           "The previous SEBEZ_SECRET: tokens signed with it are still accepted."),
    TEXT("SEBEZ_RUN_AS", run_as, "", 0, 64,
         "User of all processes except the supervisor when started by root. Empty: "
         "postgres if that user exists, else nobody."),
    INTEGER("SEBEZ_PROCESSES", processes, "0", 0, 256, "processes",
            "Api processes. 0: one per core."),
    CHOICE("SEBEZ_LOG_LEVEL", log_level, "info", "debug info warn error",
           "Minimum level of log lines."),
    BOOLEAN("SEBEZ_CACHE", cache, "yes",
            "Whether replies to public requests are cached in memory."),
    BOOLEAN("SEBEZ_LIMITS", limits, "yes", "Whether rate limits apply (429)."),
    TEXT("SEBEZ_ORIGINS", origins, "", 0, ORIGINS_BYTES,
         "Other origins whose pages may call the API (CORS), with blanks between: "
         "`https://shop.example https://app.example:8443`, each exactly as browsers send it. "
         "Empty: none. Pages that this server serves itself need no entry."),
    TEXT("SEBEZ_ALLOWED_NETWORKS", allowed_networks, "", 0, 1000,
         "Networks and addresses that are not on the public internet and that the server may still "
         "call at URLs which users supply, with blanks between: `10.20.0.0/16 fd12::/48 "
         "127.0.0.1`. Empty: none. URLs that you configure yourself need no entry."),
    TEXT("SEBEZ_CA_FILE", ca_file, "", 0, 800,
         "File of the certificate authorities, in PEM, that servers which are called over https "
         "may have. Empty: those of the system."),
    BOOLEAN("SEBEZ_BEHIND_PROXY", behind_proxy, "no",
            "Whether a proxy stands in front, so that the client's address is the last one of "
            "X-Forwarded-For."),
    BOOLEAN("SEBEZ_DEMO", demo, "no",
            "Whether `serve` loads the demo marketplace once into an empty database."),
    INTEGER("SEBEZ_DB_CONNECTIONS", db_connections, "4", 1, 32, "connections",
            "Pipelined database connections per role and process."),
    INTEGER(
        "SEBEZ_DB_LEASED", db_leased, "8", 1, 128, "connections",
        "Maximum of database connections per role and process that transactions use exclusively."),
    INTEGER("SEBEZ_STATEMENT_TIMEOUT_MS", statement_timeout_ms, "10000", 100, 600000, "ms",
            "Timeout of a database statement."),
    INTEGER("SEBEZ_REQUEST_TIMEOUT_MS", request_timeout_ms, "30000", 1000, 600000, "ms",
            "Timeout of a request, which then gets a 503. Imports and "
            "exports have 15 minutes."),
    INTEGER("SEBEZ_DRAIN_MS", drain_ms, "10000", 0, 600000, "ms",
            "Time for a stopping process to finish requests in progress."),
    INTEGER("SEBEZ_JOBS_INTERVAL_MS", jobs_interval_ms, "1000", 10, 3600000, "ms",
            "Interval at which the jobs process looks for work."),
    INTEGER("SEBEZ_RANKING_INTERVAL_MS", ranking_interval_ms, "600000", 10, 86400000, "ms",
            "Interval at which products are ranked anew by what was sold: the sort order "
            "best_selling is at most this much behind."),
    TEXT("SEBEZ_CURRENCY", currency, "", 0, 3,
         "The currency of a new marketplace, an ISO 4217 code. Empty: USD. It cannot be changed: a "
         "database with another currency is refused."),
    INTEGER("SEBEZ_PAYMENT_HOURS", payment_hours, "72", 1, 8760, "hours",
            "Of a new marketplace: an order that waits for its payment is cancelled after this "
            "long." LATER),
    INTEGER("SEBEZ_ACCEPT_HOURS", accept_hours, "48", 1, 8760, "hours",
            "Of a new marketplace: a sub-order that its vendor has not accepted is cancelled after "
            "this long." LATER),
    INTEGER("SEBEZ_COMPLETE_DAYS", complete_days, "14", 1, 365, "days",
            "Of a new marketplace: a delivered sub-order is completed after this long." LATER),
    INTEGER("SEBEZ_SERVICE_FEE_FIXED", service_fee_fixed, "0", 0, 1000000000, "minor units",
            "Of a new marketplace: the fixed part of the platform's fee on each order." LATER),
    INTEGER("SEBEZ_SERVICE_FEE_BASIS_POINTS", service_fee_basis_points, "0", 0, 10000,
            "basis points",
            "Of a new marketplace: the platform's fee on each order as a share of the goods' "
            "price." LATER),
    INTEGER("SEBEZ_COMMISSION_BASIS_POINTS", commission_basis_points, "1000", 0, 10000,
            "basis points",
            "Of a new marketplace: commission on sales, unless a vendor has its own rate." LATER),
};

const size_t OPTION_COUNT = sizeof(OPTIONS) / sizeof(OPTIONS[0]);

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

/* Checks what the table cannot express: returns a sentence, or NULL when all values are valid. */
static const char *find_mistake(const struct config *config)
{
	char host[80];
	int port;

	if (!config_split_listen(config->listen, host, sizeof(host), &port))
		return "SEBEZ_LISTEN must be address:port, or [address]:port for IPv6";
	if (!is_currency(config->currency))
		return "SEBEZ_CURRENCY must be three capital letters";
	if (!origins_are_good(config->origins))
		return "SEBEZ_ORIGINS must be origins with blanks between, each scheme://host or "
		       "scheme://host:port as browsers send it: in lower case, without a path, a "
		       "slash at its end or the scheme's own port";
	if (!networks_parse(config->allowed_networks, &(struct networks){0}))
		return "SEBEZ_ALLOWED_NETWORKS must be networks (address/bits, without bits behind "
		       "the prefix) or addresses with blanks between, 32 at most";
	if (config->ca_file[0] != '\0' && access(config->ca_file, R_OK) != 0)
		return "SEBEZ_CA_FILE must be a file that can be read";
	if (!is_key(config->secret))
		return "SEBEZ_SECRET must be 32 bytes, as 64 hexadecimal digits or as base64";
	if (!is_key(config->secret_previous))
		return "SEBEZ_SECRET_PREVIOUS must be 32 bytes, as 64 hexadecimal digits or as "
		       "base64";
	if (config->redis_url[0] != '\0' && !redis_url_is_good(config->redis_url))
		return "REDIS_URL must be redis://[[user]:password@]host[:port] or unix:/path";
	return NULL;
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
	if (config.processes == 0)
		config.processes = cores > 256 ? 256 : cores < 1 ? 1 : cores;
	assert(config.processes >= 1 && config.db_connections >= 1 && config.db_leased >= 1);
	*ret = config;
	return 0;
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
