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

static int add_all(const PQconninfoOption *options, char *admin, char *base, size_t size)
{
	bool has_limit = false;
	int rc = 0;

	assert(admin[0] == '\0' && base[0] == '\0');
	for (const PQconninfoOption *at = options; at->keyword != NULL && rc == 0; at++) {
		bool personal =
		    strcmp(at->keyword, "user") == 0 || strcmp(at->keyword, "password") == 0;

		if (at->val == NULL || at->val[0] == '\0')
			continue;
		if (strcmp(at->keyword, "connect_timeout") == 0)
			has_limit = true;
		rc = conninfo_add(admin, size, at->keyword, at->val);
		if (rc == 0 && !personal)
			rc = conninfo_add(base, size, at->keyword, at->val);
	}
	if (rc == 0 && !has_limit)
		rc = conninfo_add(admin, size, "connect_timeout", CONNINFO_CONNECT_S);
	return rc;
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
