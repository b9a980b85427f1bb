#include "base/host.h"

#include <arpa/inet.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>
#include <unicode/uidna.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define IPV4(a, b, c, d) ((uint32_t)(a) << 24 | (uint32_t)(b) << 16 | (uint32_t)(c) << 8 | (d))

/* IANA's registry of special-purpose addresses. */
static const struct {
	uint32_t network;
	int bits;
} NOT_PUBLIC[] = {
    {IPV4(0, 0, 0, 0), 8},      {IPV4(10, 0, 0, 0), 8},     {IPV4(100, 64, 0, 0), 10},
    {IPV4(127, 0, 0, 0), 8},    {IPV4(169, 254, 0, 0), 16}, {IPV4(172, 16, 0, 0), 12},
    {IPV4(192, 0, 0, 0), 24},   {IPV4(192, 0, 2, 0), 24},   {IPV4(192, 88, 99, 0), 24},
    {IPV4(192, 168, 0, 0), 16}, {IPV4(198, 18, 0, 0), 15},  {IPV4(198, 51, 100, 0), 24},
    {IPV4(203, 0, 113, 0), 24}, {IPV4(224, 0, 0, 0), 3},
};

/* Names that no public server of names knows (RFC 6761, 6762, 8375, and what routers make up). */
static const char *const LOCAL[] = {
    "localhost", "local", "localdomain", "internal",     "intranet", "private", "corp",
    "home",      "lan",   "home.arpa",   "in-addr.arpa", "ip6.arpa", "onion",   "invalid",
};

/* Host names of before IDNA may have hyphens anywhere but at the edges of a label. */
static bool is_wrong(const UIDNAInfo *info)
{
	return (info->errors & ~(uint32_t)UIDNA_ERROR_HYPHEN_3_4) != 0;
}

static UIDNA *idna_open(void)
{
	UErrorCode status = U_ZERO_ERROR;
	UIDNA *idna =
	    uidna_openUTS46(UIDNA_USE_STD3_RULES | UIDNA_CHECK_BIDI | UIDNA_CHECK_CONTEXTJ |
	                        UIDNA_NONTRANSITIONAL_TO_ASCII | UIDNA_NONTRANSITIONAL_TO_UNICODE,
	                    &status);

	return U_SUCCESS(status) ? idna : NULL;
}

bool host_ascii(const char *name, size_t length, char ret[HOST_SIZE])
{
	UErrorCode status = U_ZERO_ERROR;
	UIDNAInfo info = UIDNA_INFO_INITIALIZER;
	char made[HOST_SIZE];
	UIDNA *idna = length < HOST_SIZE ? idna_open() : NULL;

	if (idna == NULL)
		return false;
	int32_t count = uidna_nameToASCII_UTF8(idna, name, (int32_t)length, made, HOST_SIZE - 1,
	                                       &info, &status);

	uidna_close(idna);
	if (U_FAILURE(status) || is_wrong(&info) || count == 0)
		return false;
	memcpy(ret, made, (size_t)count);
	ret[count] = 0;
	return true;
}

void host_unicode(const char *ascii, char ret[HOST_SIZE])
{
	UErrorCode status = U_ZERO_ERROR;
	UIDNAInfo info = UIDNA_INFO_INITIALIZER;
	UIDNA *idna = idna_open();
	int32_t count = 0;

	if (idna != NULL)
		count = uidna_nameToUnicodeUTF8(idna, ascii, (int32_t)strlen(ascii), ret,
		                                HOST_SIZE - 1, &info, &status);
	uidna_close(idna);
	if (idna == NULL || U_FAILURE(status)) {
		count = (int32_t)strnlen(ascii, HOST_SIZE - 1);
		memcpy(ret, ascii, (size_t)count);
	}
	ret[count] = 0;
}

static bool ipv4_is_public(uint32_t address)
{
	for (size_t i = 0; i < COUNT(NOT_PUBLIC); i++) {
		if ((address ^ NOT_PUBLIC[i].network) >> (32 - NOT_PUBLIC[i].bits) == 0)
			return false;
	}
	return true;
}

/* Global unicast is 2000::/3. Of it, what is for protocols, tunnels of IPv4 and documentation. */
static bool ipv6_is_public(const char *text, size_t length)
{
	char address[INET6_ADDRSTRLEN];
	struct in6_addr v6;

	if (length >= sizeof(address))
		return false;
	memcpy(address, text, length);
	address[length] = 0;
	if (inet_pton(AF_INET6, address, &v6) != 1)
		return false;
	const uint8_t *bytes = v6.s6_addr;

	if (bytes[0] == 0x20 && bytes[1] == 0x01)
		return bytes[2] >= 2 && !(bytes[2] == 0x0d && bytes[3] == 0xb8);
	return (bytes[0] & 0xe0) == 0x20 && !(bytes[0] == 0x20 && bytes[1] == 0x02) &&
	       !(bytes[0] == 0x3f && bytes[1] == 0xff);
}

/* Names end so only as addresses. */
static bool ends_in_number(const char *host)
{
	const char *dot = strrchr(host, '.');
	const char *label = dot != NULL ? dot + 1 : host;

	if (strncasecmp(label, "0x", 2) == 0)
		return label[2 + strspn(label + 2, "0123456789abcdefABCDEF")] == 0;
	return *label != 0 && label[strspn(label, "0123456789")] == 0;
}

static bool is_below(const char *host, const char *domain)
{
	size_t length = strlen(host), end = strlen(domain);

	return length >= end && strcasecmp(host + length - end, domain) == 0 &&
	       (length == end || host[length - end - 1] == '.');
}

bool host_is_public(const char *host)
{
	char name[HOST_SIZE];
	size_t length = strlen(host);
	struct in_addr v4;

	if (host[0] == '[')
		return host[length - 1] == ']' && ipv6_is_public(host + 1, length - 2);
	if (length > 0 && host[length - 1] == '.') /* the root may be named */
		length--;
	if (length == 0 || length >= sizeof(name))
		return false;
	memcpy(name, host, length);
	name[length] = 0;
	if (ends_in_number(name))
		return inet_aton(name, &v4) != 0 && ipv4_is_public(ntohl(v4.s_addr));
	for (size_t i = 0; i < COUNT(LOCAL); i++) {
		if (is_below(name, LOCAL[i]))
			return false;
	}
	return strchr(name, '.') != NULL;
}
