/*
 * address: IP addresses, networks of them, and which addresses are on the public internet.
 */
#ifndef SEBEZ_BASE_ADDRESS_H
#define SEBEZ_BASE_ADDRESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

struct address {
	bool is_v6;
	uint8_t bytes[16]; /* in network order; an IPv4 address has four */
};

struct network {
	struct address address; /* bits after the prefix are 0 */
	unsigned bits;
};

enum { NETWORKS_MAX = 32, ADDRESS_TEXT_SIZE = 46 };

struct networks {
	unsigned count;
	struct network items[NETWORKS_MAX];
};

/* False when it is no IP address (a Unix socket). */
bool address_of(const struct sockaddr *sockaddr, struct address *ret);
void address_format(const struct address *address, char ret[ADDRESS_TEXT_SIZE]);

/*
 * False for private, shared (CGNAT), loopback, link-local, unique-local, multicast, unspecified,
 * documentation and other special networks of IANA's registries, and for every IPv6 address that
 * holds an IPv4 address (mapped, compatible, NAT64, 6to4, Teredo), whichever that is.
 */
bool address_is_public(const struct address *address);

/* Reads networks and addresses with blanks between them: "10.1.0.0/16 fd00::/8 127.0.0.1". False,
 * with ret untouched, when one is malformed, has bits behind its prefix, or there are too many. */
bool networks_parse(const char *list, struct networks *ret);
bool networks_have(const struct networks *networks, const struct address *address);

/* True for a network of IPv6 addresses that hold IPv4 addresses (::ffff:192.0.2.0/120). */
bool network_is_mapped(const struct network *network);

#endif
