#include "base/host.h"

#include <arpa/inet.h>
#include <assert.h>
#include <string.h>
#include <strings.h>
#include <unicode/uidna.h>

#include "base/address.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Names that no public name server resolves (RFC 6761, 6762, 8375, and those of home routers). */
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
	assert(count > 0 && count < HOST_SIZE);
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
	assert(count >= 0 && count < HOST_SIZE);
	ret[count] = 0;
}

static bool ipv6_address(const char *text, size_t length, struct address *ret)
{
	char copy[ADDRESS_TEXT_SIZE];

	if (length >= sizeof(copy))
		return false;
	memcpy(copy, text, length);
	copy[length] = 0;
	ret->is_v6 = true;
	return inet_pton(AF_INET6, copy, ret->bytes) == 1;
}

/* Only addresses end with a number. */
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

bool host_address(const char *host, struct address *ret)
{
	size_t length = strlen(host);
	struct in_addr v4;

	*ret = (struct address){0};
	if (host[0] == '[')
		return host[length - 1] == ']' && ipv6_address(host + 1, length - 2, ret);
	if (inet_aton(host, &v4) == 0) /* any form that browsers take */
		return false;
	memcpy(ret->bytes, &v4, sizeof(v4));
	return true;
}

bool host_is_public(const char *host)
{
	char name[HOST_SIZE];
	size_t length = strlen(host);
	struct address address;

	if (length > 0 && host[length - 1] == '.') /* a final dot names the root */
		length--;
	if (length == 0 || length >= sizeof(name))
		return false;
	memcpy(name, host, length);
	name[length] = 0;
	if (name[0] == '[' || ends_in_number(name))
		return host_address(name, &address) && address_is_public(&address);
	for (size_t i = 0; i < COUNT(LOCAL); i++) {
		if (is_below(name, LOCAL[i]))
			return false;
	}
	return strchr(name, '.') != NULL;
}
