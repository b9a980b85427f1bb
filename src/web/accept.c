#include "web/accept.h"

#include <assert.h>
#include <string.h>
#include <strings.h>

static const char BLANK[] = " \t";

/* q=0, q=0.0 and so on among the parameters: "; q=0". */
static bool is_refused(const char *parameters, const char *end)
{
	for (const char *at = parameters; at < end; at++) {
		if (*at != ';')
			continue;
		const char *name = at + 1 + strspn(at + 1, BLANK);

		if (strncasecmp(name, "q=", 2) == 0)
			return name + 2 + strspn(name + 2, "0.") >= end ||
			       strchr(" \t;", name[2 + strspn(name + 2, "0.")]) != NULL;
	}
	return false;
}

bool accept_names(const char *list, const char *name)
{
	size_t length = strlen(name);

	assert(length > 0);
	while (*list != 0) {
		list += strspn(list, " \t,");
		const char *end = list + strcspn(list, ",");

		if (strncasecmp(list, name, length) == 0 && strchr(" \t;,", list[length]) != NULL &&
		    !is_refused(list + length, end))
			return true;
		list = end;
	}
	return false;
}

struct wish {
	const char *name;
	bool found;
};

static void see(void *arg, const char *value)
{
	struct wish *wish = arg;

	wish->found |= accept_names(value, wish->name);
}

bool accept_in(const struct http_exchange *ex, const char *header, const char *name)
{
	struct wish wish = {.name = name};

	http_header_each(ex, header, see, &wish);
	return wish.found;
}
