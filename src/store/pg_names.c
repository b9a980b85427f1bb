#include "store/pg_names.h"

#include <assert.h>
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/resolve.h"

enum {
	SERVERS_MAX = 8, /* a primary and its standbys */
	HOST_MAX = 256,  /* a name has 253 bytes at most, a socket's folder 107 */
	PORT_MAX = 8,
	ADDRESSES_MAX = 16, /* of all servers */
};

struct server {
	char host[HOST_MAX];
	char port[PORT_MAX];
	char addresses[RESOLVE_TEXT_MAX]; /* comma-separated; "" when none is known */
	bool is_name;
};

struct pg_names {
	struct server servers[SERVERS_MAX];
	unsigned count;
	unsigned at; /* server being looked up */
	struct resolve *resolve;
	char reason[256]; /* why the latest lookup failed */
	pg_names_done_fn *done;
	void *arg;
};

/* Copies the element before the next comma. Returns the rest, NULL at the end. */
static const char *take_element(const char *list, char *ret, size_t size)
{
	ret[0] = '\0';
	if (list == NULL)
		return NULL;
	size_t length = strcspn(list, ",");

	snprintf(ret, size, "%.*s", (int)(length < size ? length : size - 1), list);
	return list[length] == ',' ? list + length + 1 : NULL;
}

/* The lists of a conninfo. Hosts or addresses may be missing, and ports. */
struct texts {
	const char *hosts, *addresses, *ports;
};

static bool add_server(struct pg_names *names, struct texts *rest, bool one_port)
{
	struct server *server = &names->servers[names->count];
	bool has_address = rest->addresses != NULL;

	if (names->count == SERVERS_MAX ||
	    (rest->hosts != NULL && strcspn(rest->hosts, ",") >= sizeof(server->host)))
		return false;
	rest->hosts = take_element(rest->hosts, server->host, sizeof(server->host));
	rest->addresses =
	    take_element(rest->addresses, server->addresses, sizeof(server->addresses));
	const char *ports = take_element(rest->ports, server->port, sizeof(server->port));

	rest->ports = one_port ? rest->ports : ports;
	if (!has_address && resolve_is_address(server->host))
		memcpy(server->addresses, server->host, sizeof(server->host));
	else if (!has_address)
		server->is_name =
		    server->host[0] != '\0' && server->host[0] != '/' && server->host[0] != '@';
	names->count++;
	return true;
}

static bool add_servers(struct pg_names *names, struct texts texts)
{
	bool one_port = texts.ports != NULL && strchr(texts.ports, ',') == NULL;

	while (texts.hosts != NULL || texts.addresses != NULL)
		if (!add_server(names, &texts, one_port))
			return false;
	return true;
}

bool pg_names_are_several(const struct pg_names *names)
{
	return names->count > 1;
}

bool pg_names_need_look_up(const struct pg_names *names)
{
	for (unsigned i = 0; i < names->count; i++)
		if (names->servers[i].is_name)
			return true;
	return false;
}

struct pg_names *pg_names_new(const char *conninfo)
{
	PQconninfoOption *options = PQconninfoParse(conninfo, NULL);
	struct texts texts = {0};
	struct pg_names *names;

	if (options == NULL)
		return NULL;
	for (const PQconninfoOption *at = options; at->keyword != NULL; at++) {
		if (at->val == NULL || at->val[0] == '\0')
			continue;
		if (strcmp(at->keyword, "host") == 0)
			texts.hosts = at->val;
		if (strcmp(at->keyword, "hostaddr") == 0)
			texts.addresses = at->val;
		if (strcmp(at->keyword, "port") == 0)
			texts.ports = at->val;
	}
	names = calloc(1, sizeof(*names));
	assert(names != NULL);
	if (!add_servers(names, texts) || (names->count < 2 && !pg_names_need_look_up(names))) {
		free(names);
		names = NULL;
	}
	PQconninfoFree(options);
	return names;
}

void pg_names_free(struct pg_names *names)
{
	if (names == NULL)
		return;
	pg_names_cancel(names);
	free(names);
}

static void look_up_next(struct pg_names *names);

static void found(void *arg, const char *addresses, const char *reason)
{
	struct pg_names *names = arg;
	struct server *server = &names->servers[names->at];

	names->resolve = NULL;
	if (addresses != NULL)
		snprintf(server->addresses, sizeof(server->addresses), "%s", addresses);
	else
		snprintf(names->reason, sizeof(names->reason), "host %.150s: %.80s", server->host,
		         reason);
	names->at++;
	look_up_next(names);
}

static bool has_server(const struct pg_names *names)
{
	for (unsigned i = 0; i < names->count; i++)
		if (!names->servers[i].is_name || names->servers[i].addresses[0] != '\0')
			return true;
	return false;
}

static void look_up_next(struct pg_names *names)
{
	while (names->at < names->count && !names->servers[names->at].is_name)
		names->at++;
	if (names->at < names->count)
		names->resolve = resolve_start(names->servers[names->at].host, found, names);
	else
		names->done(names->arg, has_server(names) ? NULL : names->reason);
}

void pg_names_look_up(struct pg_names *names, pg_names_done_fn *done, void *arg)
{
	assert(names->resolve == NULL);
	names->at = 0;
	names->done = done;
	names->arg = arg;
	assert(pg_names_need_look_up(names)); /* so done is not called here */
	look_up_next(names);
}

void pg_names_hurry(struct pg_names *names)
{
	pg_names_cancel(names);
	found(names, NULL, "the resolver does not respond");
}

void pg_names_cancel(struct pg_names *names)
{
	resolve_cancel(names->resolve);
	names->resolve = NULL;
}

struct entry {
	const struct server *server;
	char address[RESOLVE_ADDRESS_MAX]; /* "" of a socket */
};

static unsigned list_entries(const struct pg_names *names, struct entry ret[ADDRESSES_MAX])
{
	unsigned count = 0;

	for (unsigned i = 0; i < names->count; i++) {
		const struct server *server = &names->servers[i];
		const char *at = server->addresses;

		if (server->is_name && at[0] == '\0')
			continue;
		while (at != NULL && count < ADDRESSES_MAX) {
			ret[count].server = server;
			at = take_element(at, ret[count].address, sizeof(ret[count].address));
			count++;
		}
	}
	return count;
}

static void append(char *list, size_t size, bool first, const char *text)
{
	size_t used = strlen(list);

	snprintf(list + used, size - used, "%s%s", first ? "" : ",", text);
}

void pg_names_lists(const struct pg_names *names, unsigned turn, struct pg_names_lists *ret)
{
	struct entry entries[ADDRESSES_MAX];
	unsigned count = list_entries(names, entries);

	_Static_assert(sizeof(ret->hosts) >= (size_t)ADDRESSES_MAX * HOST_MAX &&
	                   sizeof(ret->addresses) >= (size_t)ADDRESSES_MAX * RESOLVE_ADDRESS_MAX &&
	                   sizeof(ret->ports) >= (size_t)ADDRESSES_MAX * PORT_MAX,
	               "every list fits");
	memset(ret, 0, sizeof(*ret));
	for (unsigned i = 0; i < count; i++) {
		const struct entry *entry = &entries[(i + turn) % count];

		append(ret->hosts, sizeof(ret->hosts), i == 0, entry->server->host);
		append(ret->addresses, sizeof(ret->addresses), i == 0, entry->address);
		append(ret->ports, sizeof(ret->ports), i == 0, entry->server->port);
	}
}
