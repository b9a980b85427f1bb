/*
 * host: names and addresses of machines: international names as ASCII and back (IDNA, UTS #46, by
 * ICU), and whether one is on the public internet as far as it says so itself.
 */
#ifndef SEBEZ_BASE_HOST_H
#define SEBEZ_BASE_HOST_H

#include <stdbool.h>
#include <stddef.h>

#include "base/address.h"

/* Of a name of 253 ASCII characters, which Unicode makes no more than four times as long. */
enum { HOST_SIZE = 1024 };

/* The name in UTF-8 as ASCII in lower case; false when it is no host name. */
bool host_ascii(const char *name, size_t length, char ret[HOST_SIZE]);

/* An ASCII name as Unicode; a label that is no right IDNA stays as it is. */
void host_unicode(const char *ascii, char ret[HOST_SIZE]);

/*
 * False for an address of a private, local, reserved or documentation network in any of the forms
 * that browsers take (127.1, 0x7f000001, [::ffff:10.0.0.1]), and for names that are local by rule:
 * without a dot, or below localhost, local, internal and the like. A name may still resolve to
 * such an address: net/http_client.h looks at that when it connects. host is ASCII; an IPv6 address
 * has its brackets.
 */
bool host_is_public(const char *host);

/* The address that such a host is, in any of those forms; false for a name. */
bool host_address(const char *host, struct address *ret);

#endif
