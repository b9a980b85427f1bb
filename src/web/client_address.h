/* client_address: the address of a request's client, and the network for rate limits. */
#ifndef SEBEZ_WEB_CLIENT_ADDRESS_H
#define SEBEZ_WEB_CLIENT_ADDRESS_H

#include <netinet/in.h>

enum { CLIENT_ADDRESS_SIZE = INET6_ADDRSTRLEN };

/* forwarded: the last X-Forwarded-For line of a trusted proxy, or NULL. The last address, which the
 * proxy appended, is the client's when it is valid; else the peer's address is used. Earlier
 * addresses are set by the client and not trusted. An IPv4 address has one form. */
void client_address(const char *forwarded, const char *peer, char ret[CLIENT_ADDRESS_SIZE]);

/* The address itself, or the /64 of an IPv6 address: a customer has at least a /64 and can use any
 * address in it. */
void client_network(const char *address, char ret[CLIENT_ADDRESS_SIZE]);

#endif
