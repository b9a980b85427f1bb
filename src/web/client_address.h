/*
 * client_address: where a request came from, and the network by which a caller is counted.
 */
#ifndef SEBEZ_WEB_CLIENT_ADDRESS_H
#define SEBEZ_WEB_CLIENT_ADDRESS_H

#include <netinet/in.h>

enum { CLIENT_ADDRESS_SIZE = INET6_ADDRSTRLEN };

/* forwarded: the last line of the X-Forwarded-For of a trusted proxy, or NULL. What it appended,
 * the last address, is the client's when it is one; else the peer's is. What clients claim comes
 * before it. An IPv4 address has one form. */
void client_address(const char *forwarded, const char *peer, char ret[CLIENT_ADDRESS_SIZE]);

/* The address itself, but of an IPv6 one its /64: a customer has that at least, and takes another
 * address of it at will. */
void client_network(const char *address, char ret[CLIENT_ADDRESS_SIZE]);

#endif
