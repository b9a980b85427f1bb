#include "base/address.h"

#include <arpa/inet.h>
#include <assert.h>
#include <netinet/in.h>
#include <stddef.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* IANA's registry of special-purpose IPv4 addresses. */
static const struct network NOT_PUBLIC_V4[] = {
    {{false, {0}}, 8},
    {{false, {10}}, 8},
    {{false, {100, 64}}, 10},
    {{false, {127}}, 8},
    {{false, {169, 254}}, 16},
    {{false, {172, 16}}, 12},
    {{false, {192, 0, 0}}, 24},
    {{false, {192, 0, 2}}, 24},
    {{false, {192, 88, 99}}, 24},
    {{false, {192, 168}}, 16},
    {{false, {198, 18}}, 15},
    {{false, {198, 51, 100}}, 24},
    {{false, {203, 0, 113}}, 24},
    {{false, {224}}, 3},
};

/* Global unicast, and its parts for protocols, documentation and IPv4 tunnels. */
static const struct network GLOBAL_V6 = {{true, {0x20}}, 3};
static const struct network NOT_PUBLIC_V6[] = {
    {{true, {0x20, 0x01}}, 23}, /* protocols, Teredo */
    {{true, {0x20, 0x01, 0x0d, 0xb8}}, 32},
    {{true, {0x20, 0x02}}, 16}, /* 6to4 */
    {{true, {0x3f, 0xff}}, 16},
};

_Static_assert(sizeof(((struct address *)NULL)->bytes) == sizeof(struct in6_addr),
               "an address has room for either kind");

static unsigned bits_of(bool is_v6)
{
	return is_v6 ? 128 : 32;
}

bool address_of(const struct sockaddr *sockaddr, struct address *ret)
{
	const void *any = sockaddr;
	struct address address = {.is_v6 = sockaddr->sa_family == AF_INET6};

	if (address.is_v6)
		memcpy(address.bytes, &((const struct sockaddr_in6 *)any)->sin6_addr, 16);
	else if (sockaddr->sa_family == AF_INET)
		memcpy(address.bytes, &((const struct sockaddr_in *)any)->sin_addr, 4);
	else
		return false;
	*ret = address;
	return true;
}

void address_format(const struct address *address, char ret[ADDRESS_TEXT_SIZE])
{
	_Static_assert((int)ADDRESS_TEXT_SIZE >= (int)INET6_ADDRSTRLEN, "the longest address fits");
	const char *text =
	    inet_ntop(address->is_v6 ? AF_INET6 : AF_INET, address->bytes, ret, ADDRESS_TEXT_SIZE);

	assert(text != NULL); /* the family is known and there is room */
}

static bool network_has(const struct network *network, const struct address *address)
{
	unsigned bytes = network->bits / 8, rest = network->bits % 8;
	const uint8_t *a = network->address.bytes, *b = address->bytes;

	assert(network->bits <= bits_of(network->address.is_v6));
	return network->address.is_v6 == address->is_v6 && memcmp(a, b, bytes) == 0 &&
	       (rest == 0 || (a[bytes] ^ b[bytes]) >> (8 - rest) == 0);
}

bool address_is_public(const struct address *address)
{
	const struct network *special = address->is_v6 ? NOT_PUBLIC_V6 : NOT_PUBLIC_V4;
	size_t count = address->is_v6 ? COUNT(NOT_PUBLIC_V6) : COUNT(NOT_PUBLIC_V4);

	if (address->is_v6 && !network_has(&GLOBAL_V6, address))
		return false;
	for (size_t i = 0; i < count; i++) {
		if (network_has(&special[i], address))
			return false;
	}
	return true;
}

/* Reads "/24"; true when the number is a valid prefix length, without leading zeros: PostgreSQL
 * takes none. */
static bool read_bits(const char *text, size_t length, unsigned max, unsigned *ret)
{
	unsigned bits = 0;

	if (length < 2 || length > 4 || (text[1] == '0' && length > 2))
		return false;
	for (size_t i = 1; i < length; i++) {
		if (text[i] < '0' || text[i] > '9')
			return false;
		bits = bits * 10 + (unsigned)(text[i] - '0');
	}
	*ret = bits;
	return bits <= max;
}

static bool is_zero_behind(const struct network *network)
{
	for (unsigned bit = network->bits; bit < sizeof(network->address.bytes) * 8; bit++) {
		if ((network->address.bytes[bit / 8] & 0x80 >> bit % 8) != 0)
			return false;
	}
	return true;
}

static bool read_network(const char *text, size_t length, struct network *ret)
{
	const char *slash = memchr(text, '/', length);
	size_t size = slash != NULL ? (size_t)(slash - text) : length;
	struct network network = {.address.is_v6 = memchr(text, ':', size) != NULL};
	unsigned max = bits_of(network.address.is_v6);
	char address[ADDRESS_TEXT_SIZE];

	if (size >= sizeof(address))
		return false;
	memcpy(address, text, size);
	address[size] = 0;
	network.bits = max;
	if (inet_pton(network.address.is_v6 ? AF_INET6 : AF_INET, address, network.address.bytes) !=
	        1 ||
	    (slash != NULL && !read_bits(slash, length - size, max, &network.bits)) ||
	    !is_zero_behind(&network))
		return false;
	*ret = network;
	return true;
}

bool network_is_mapped(const struct network *network)
{
	static const struct network MAPPED = {{true, {[10] = 0xff, [11] = 0xff}}, 96};

	return network->bits >= MAPPED.bits && network_has(&MAPPED, &network->address);
}

bool networks_parse(const char *list, struct networks *ret)
{
	struct networks networks = {0};

	for (list += strspn(list, " "); *list != 0; list += strspn(list, " ")) {
		size_t length = strcspn(list, " ");

		if (networks.count == NETWORKS_MAX ||
		    !read_network(list, length, &networks.items[networks.count]))
			return false;
		networks.count++;
		list += length;
	}
	*ret = networks;
	return true;
}

bool networks_have(const struct networks *networks, const struct address *address)
{
	assert(networks->count <= NETWORKS_MAX);
	for (unsigned i = 0; i < networks->count; i++) {
		if (network_has(&networks->items[i], address))
			return true;
	}
	return false;
}
