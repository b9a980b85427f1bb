/*
 * conninfo: PostgreSQL's key=value texts, taken apart and put together.
 */
#ifndef SEBEZ_NODE_CONNINFO_H
#define SEBEZ_NODE_CONNINFO_H

#include <stddef.h>

/* Who migrates blocks while it connects; a host that swallows packets would hold it for minutes. */
#define CONNINFO_CONNECT_S "5"

/* Appends " key='value'", quoted, to the text in ret. -ENAMETOOLONG when it does not fit. */
int conninfo_add(char *ret, size_t size, const char *key, const char *value)
    __attribute__((warn_unused_result));

/*
 * Takes a URL or key=value text apart. `admin` gets all of it, and a connect_timeout when there
 * is none; `base` all but user and password. Says what is wrong and returns -errno.
 */
int conninfo_split(const char *url, char *admin, char *base, size_t size)
    __attribute__((warn_unused_result));

#endif
