#include "node/conninfo.h"

#include <assert.h>
#include <errno.h>
#include <libpq-fe.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "node/say.h"

int conninfo_add(char *ret, size_t size, const char *key, const char *value)
{
	size_t used = strlen(ret);

	if (used + strlen(key) + 2 * strlen(value) + 5 > size)
		return -ENAMETOOLONG;
	used += (size_t)sprintf(ret + used, "%s%s='", used > 0 ? " " : "", key);
	for (; *value != '\0'; value++) {
		if (*value == '\'' || *value == '\\')
			ret[used++] = '\\';
		ret[used++] = *value;
	}
	ret[used++] = '\'';
	assert(used < size);
	ret[used] = '\0';
	return 0;
}

/* What is set where the URL does not say it: so that a host which disappears is noticed in seconds,
 * and of several servers the one that takes writes is used. */
static const struct {
	const char *key, *value;
	bool of_several; /* only where the URL names several servers */
} ABSENT[] = {
    {"target_session_attrs", "read-write", true}, {"connect_timeout", CONNINFO_CONNECT_S, false},
    {"tcp_user_timeout", "3000", false},          {"keepalives_idle", "2", false},
    {"keepalives_interval", "1", false},          {"keepalives_count", "3", false},
};

static const char *value_of(const PQconninfoOption *options, const char *key)
{
	for (const PQconninfoOption *at = options; at->keyword != NULL; at++)
		if (strcmp(at->keyword, key) == 0 && at->val != NULL && at->val[0] != '\0')
			return at->val;
	return NULL;
}

static bool names_several(const PQconninfoOption *options)
{
	const char *hosts = value_of(options, "host");
	const char *addresses = value_of(options, "hostaddr");

	return (hosts != NULL && strchr(hosts, ',') != NULL) ||
	       (addresses != NULL && strchr(addresses, ',') != NULL);
}

static int add_absent(const PQconninfoOption *options, char *admin, char *base, size_t size)
{
	bool several = names_several(options);
	int rc = 0;

	for (size_t i = 0; i < sizeof(ABSENT) / sizeof(ABSENT[0]) && rc == 0; i++) {
		if ((ABSENT[i].of_several && !several) || value_of(options, ABSENT[i].key) != NULL)
			continue;
		rc = conninfo_add(admin, size, ABSENT[i].key, ABSENT[i].value);
		if (rc == 0)
			rc = conninfo_add(base, size, ABSENT[i].key, ABSENT[i].value);
	}
	return rc;
}

static int add_all(const PQconninfoOption *options, char *admin, char *base, size_t size)
{
	int rc = 0;

	assert(admin[0] == '\0' && base[0] == '\0');
	for (const PQconninfoOption *at = options; at->keyword != NULL && rc == 0; at++) {
		bool personal =
		    strcmp(at->keyword, "user") == 0 || strcmp(at->keyword, "password") == 0;

		if (at->val == NULL || at->val[0] == '\0')
			continue;
		rc = conninfo_add(admin, size, at->keyword, at->val);
		if (rc == 0 && !personal)
			rc = conninfo_add(base, size, at->keyword, at->val);
	}
	return rc == 0 ? add_absent(options, admin, base, size) : rc;
}

int conninfo_split(const char *url, char *admin, char *base, size_t size)
{
	char *error = NULL;
	PQconninfoOption *options = PQconninfoParse(url, &error);
	int rc;

	admin[0] = '\0';
	base[0] = '\0';
	if (options == NULL) {
		/* Do not print libpq's message: it repeats the text, which may contain a
		 * password. */
		say("DATABASE_URL is not a PostgreSQL URL or key=value text");
		PQfreemem(error);
		return -EINVAL;
	}
	rc = add_all(options, admin, base, size);
	PQconninfoFree(options);
	return rc;
}
