/*
 * email: canonical forms of e-mail addresses, and keys that compare them. By ICU: Unicode's
 * normalisation, IDNA (UTS #46) and look-alikes (UTS #39).
 */
#ifndef SEBEZ_BASE_EMAIL_H
#define SEBEZ_BASE_EMAIL_H

#include <stddef.h>

#include "base/arena.h"

/* Characters of an address as it may be typed, and bytes of its form (RFC 5321). */
enum { EMAIL_CHARACTERS = 254, EMAIL_BYTES = 254 };

/*
 * The form in which an address is kept, in the arena: without white space at its edges and without
 * invisible characters; letters of full or half width as usual ones; in lower case and NFC; an
 * international domain as ASCII (xn--…). NULL when it is not an address. text is valid UTF-8 of
 * EMAIL_CHARACTERS at most. The form of a form is itself.
 */
const char *email_form(struct arena *arena, const char *text, size_t length);

/*
 * A key that is equal for addresses that a person could confuse, in the arena: without
 * compatibility forms, fully case-folded, and with the letter of ASCII for every letter of another
 * left-to-right script that looks like one. ASCII addresses are their own keys. email is as
 * email_form made it.
 */
const char *email_key(struct arena *arena, const char *email);

#endif
