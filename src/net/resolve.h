/*
 * resolve: the addresses of a host, looked up on libuv's thread pool, for a resolver that does not
 * answer must not stop the loop.
 */
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
void resolve_cancel(struct resolve *resolve); /* done is not called any more; NULL is fine */

/* Whether it is an address already, which nobody has to look up. */
bool resolve_is_address(const char *host);

#endif
