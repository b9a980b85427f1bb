/*
 * language: chooses one of the offered languages by an Accept-Language header (RFC 9110 §12.5.4,
 * with the lookup of RFC 4647 §3.4: "de-CH" matches "de"; where that finds nothing, the first of
 * the same language, so that "pt" gets "pt-BR").
 */
#ifndef SEBEZ_WEB_LANGUAGE_H
#define SEBEZ_WEB_LANGUAGE_H

#include <stdbool.h>

/* The best of `offered` (NULL-terminated, the first one is the default). header may be NULL;
 * malformed parts are ignored. */
const char *language_choose(const char *header, const char *const offered[]);

/* The form of a tag of BCP 47: a language of two or three letters, further parts of up to eight
 * characters. */
bool language_is_tag(const char *text);

#endif
