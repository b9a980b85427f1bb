/*
 * mime: the bytes of a mail (RFC 5322, 2045 to 2049, 8058): text and HTML as alternatives, headers
 * in any script. Pure computation.
 *
 * Values cannot add headers: control characters in them become blanks, and addresses lose what an
 * address cannot contain. Lines end with CR LF and have at most 78 characters, but for addresses
 * and URLs that are longer.
 */
#ifndef SEBEZ_BASE_MIME_H
#define SEBEZ_BASE_MIME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"

struct mime_mail {
	const char *from_name; /* "" for none */
	const char *from;
	const char *to;
	const char *reply_to; /* NULL: none */
	const char *subject;
	const char *message_id; /* local@domain, without brackets */
	int64_t time_us;
	const char *text;
	const char *html;
	const char *language;    /* BCP 47 */
	const char *unsubscribe; /* https URL that takes a POST (RFC 8058); NULL: none */
};

/* Ends with CR LF; a 0 follows. */
const char *mime_write(struct arena *arena, const struct mime_mail *mail, size_t *ret_length);

#endif
