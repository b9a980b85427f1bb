/*
 * conninfo: parses and builds PostgreSQL key=value connection strings.
 */
#ifndef SEBEZ_NODE_CONNINFO_H
#define SEBEZ_NODE_CONNINFO_H

#include <stddef.h>

/* Connect timeout in seconds, for each host. Migration connects with blocking calls; a host that
 * drops packets would block it for minutes. */
#define CONNINFO_CONNECT_S "3"

/* Appends " key='value'", quoted, to the text in ret. Returns -ENAMETOOLONG when it does not
 * fit. */
int conninfo_add(char *ret, size_t size, const char *key, const char *value)
    __attribute__((warn_unused_result));

/*
 * Parses a URL or key=value text. `admin` gets all settings; `base` gets all except user and
 * password. Where it does not say so itself, both get timeouts of TCP, and with several servers
 * target_session_attrs=read-write. Prints the error and returns -errno on failure.
 */
int conninfo_split(const char *url, char *admin, char *base, size_t size)
    __attribute__((warn_unused_result));

#endif
