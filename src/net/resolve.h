/* resolve: looks up the addresses of a host on libuv's thread pool, because a slow resolver must
 * not block the loop. */
#ifndef SEBEZ_NET_RESOLVE_H
#define SEBEZ_NET_RESOLVE_H

#include <stdbool.h>

enum {
	RESOLVE_ADDRESS_MAX = 64, /* an IPv6 address with its zone */
	RESOLVE_TEXT_MAX = 8 * RESOLVE_ADDRESS_MAX,
};

struct resolve;

/* Called once, never within resolve_start: addresses are numeric, up to eight with commas between
 * them, IPv4 first; or NULL, and then reason says why. */
typedef void resolve_done_fn(void *arg, const char *addresses, const char *reason);

struct resolve *resolve_start(const char *host, resolve_done_fn *done, void *arg);
void resolve_cancel(struct resolve *resolve); /* done is not called after this; NULL is fine */

/* True when host is a numeric address, which needs no lookup. */
bool resolve_is_address(const char *host);

#endif
