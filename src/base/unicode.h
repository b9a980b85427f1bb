/*
 * unicode: texts in one form, however they were typed. Texts are valid UTF-8.
 */
#ifndef SEBEZ_BASE_UNICODE_H
#define SEBEZ_BASE_UNICODE_H

#include "base/arena.h"

/* In normalisation form C; the text itself when it is that already. */
const char *unicode_nfc(struct arena *arena, const char *text);
/* In lower case, whatever the language, as PostgreSQL's lower() makes it with ICU's rules. */
const char *unicode_lower(struct arena *arena, const char *text);

#endif
