#include "web/client_address.h"

#include <arpa/inet.h>
#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

enum { NETWORK_BYTES = 8 }; /* a /64 */

static bool take(const char *text, size_t length, char ret[CLIENT_ADDRESS_SIZE])
{
	char address[CLIENT_ADDRESS_SIZE];
	struct in_addr v4;
	struct in6_addr v6;

	if (length >= sizeof(address))
		return false;
	memcpy(address, text, length);
	address[length] = 0;
	if (inet_pton(AF_INET, address, &v4) == 1)
		return inet_ntop(AF_INET, &v4, ret, CLIENT_ADDRESS_SIZE) != NULL;
	if (inet_pton(AF_INET6, address, &v6) != 1)
		return false;
	if (IN6_IS_ADDR_V4MAPPED(&v6))
		return inet_ntop(AF_INET, &v6.s6_addr[12], ret, CLIENT_ADDRESS_SIZE) != NULL;
	return inet_ntop(AF_INET6, &v6, ret, CLIENT_ADDRESS_SIZE) != NULL;
}

void client_address(const char *forwarded, const char *peer, char ret[CLIENT_ADDRESS_SIZE])
{
	const char *last = forwarded != NULL ? strrchr(forwarded, ',') : NULL;

	last = last != NULL ? last + 1 : forwarded;
	if (last != NULL) {
		last += strspn(last, " \t");
		if (take(last, strcspn(last, " \t"), ret))
			return;
	}
	if (!take(peer, strlen(peer), ret)) /* a Unix socket has no address */
		snprintf(ret, CLIENT_ADDRESS_SIZE, "%s", peer);
}

void client_network(const char *address, char ret[CLIENT_ADDRESS_SIZE])
{
	struct in6_addr v6;

	if (inet_pton(AF_INET6, address, &v6) == 1) {
		memset(&v6.s6_addr[NETWORK_BYTES], 0, sizeof(v6) - NETWORK_BYTES);
		const char *text = inet_ntop(AF_INET6, &v6, ret, CLIENT_ADDRESS_SIZE);

		assert(text != NULL); /* there is room */
	} else {
		snprintf(ret, CLIENT_ADDRESS_SIZE, "%s", address);
	}
}
