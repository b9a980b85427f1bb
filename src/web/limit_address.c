#include "web/limit_address.h"

#include <arpa/inet.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

enum { NETWORK_BYTES = 8 }; /* a /64 */

static bool take(const char *text, size_t length, char ret[LIMIT_ADDRESS_SIZE])
{
	char address[LIMIT_ADDRESS_SIZE];
	struct in_addr v4;
	struct in6_addr v6;

	if (length >= sizeof(address))
		return false;
	memcpy(address, text, length);
	address[length] = 0;
	if (inet_pton(AF_INET, address, &v4) == 1)
		return inet_ntop(AF_INET, &v4, ret, LIMIT_ADDRESS_SIZE) != NULL;
	if (inet_pton(AF_INET6, address, &v6) != 1)
		return false;
	if (IN6_IS_ADDR_V4MAPPED(&v6))
		return inet_ntop(AF_INET, &v6.s6_addr[12], ret, LIMIT_ADDRESS_SIZE) != NULL;
	memset(&v6.s6_addr[NETWORK_BYTES], 0, sizeof(v6) - NETWORK_BYTES);
	return inet_ntop(AF_INET6, &v6, ret, LIMIT_ADDRESS_SIZE) != NULL;
}

void limit_address(const char *forwarded, const char *peer, char ret[LIMIT_ADDRESS_SIZE])
{
	const char *last = forwarded != NULL ? strrchr(forwarded, ',') : NULL;

	last = last != NULL ? last + 1 : forwarded;
	if (last != NULL) {
		last += strspn(last, " \t");
		if (take(last, strcspn(last, " \t"), ret))
			return;
	}
	if (!take(peer, strlen(peer), ret)) /* a local socket has none */
		snprintf(ret, LIMIT_ADDRESS_SIZE, "%s", peer);
}
