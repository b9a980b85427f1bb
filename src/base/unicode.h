/* unicode: normalisation and characters of texts. Texts are valid UTF-8. */
#ifndef SEBEZ_BASE_UNICODE_H
#define SEBEZ_BASE_UNICODE_H

#include <stdbool.h>

#include "base/arena.h"

/* In normalisation form C; returns the text itself when it is already. */
const char *unicode_nfc(struct arena *arena, const char *text);
/* In lower case, independent of language, like PostgreSQL's lower() with ICU's rules. */
const char *unicode_lower(struct arena *arena, const char *text);

/* Exactly `count` decimal digits, of any script, as those of ASCII; white space and dashes between
 * them do not count. False when text is anything else. */
bool unicode_digits(const char *text, size_t count, char *ret); /* writes the final 0 too */

/* The largest number of bytes, at most `most`, after which the text can be cut between two
 * characters as readers see them: no accent, vowel sign or part of an emoji is left behind. */
size_t unicode_cut(const char *text, size_t length, size_t most);

#endif
