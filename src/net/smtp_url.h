/* smtp_url: a mail server and our name and password there, as one URL. */
#ifndef SEBEZ_NET_SMTP_URL_H
#define SEBEZ_NET_SMTP_URL_H

#include <stdbool.h>

enum { SMTP_USER_SIZE = 256, SMTP_HOST_SIZE = 256 };

struct smtp_url {
	char server[SMTP_HOST_SIZE + 32]; /* smtp://host:port or smtps://host:port */
	char user[SMTP_USER_SIZE], password[SMTP_USER_SIZE];
};

/* Reads smtp[s]://[user:password@]host[:port], where user and password may be percent-encoded.
 * Without a port it is 587, or 465 of smtps. False: it is none. */
bool smtp_url_read(const char *text, struct smtp_url *ret);

#endif
