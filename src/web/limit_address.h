/*
 * limit_address: the address by which a caller is counted.
 *
 * An IPv6 customer has a /64 at least and takes another address of it at will, so those are counted
 * as one.
 */
#ifndef SEBEZ_WEB_LIMIT_ADDRESS_H
#define SEBEZ_WEB_LIMIT_ADDRESS_H

#include <netinet/in.h>

enum { LIMIT_ADDRESS_SIZE = INET6_ADDRSTRLEN };

/* forwarded: the last line of the X-Forwarded-For of a trusted proxy, or NULL. What it appended,
 * the last address, counts when it is one; else the peer's. What clients claim comes before it. */
void limit_address(const char *forwarded, const char *peer, char ret[LIMIT_ADDRESS_SIZE]);

#endif
