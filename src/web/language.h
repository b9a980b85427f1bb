/*
 * language: chooses one of the offered languages by an Accept-Language header (RFC 9110 §12.5.4,
 * with the lookup of RFC 4647 §3.4: "de-CH" matches "de").
 */
#ifndef SEBEZ_WEB_LANGUAGE_H
#define SEBEZ_WEB_LANGUAGE_H

/* The best of `offered` (NULL-terminated, the first one is the default). header may be NULL;
 * malformed parts are ignored. */
const char *language_choose(const char *header, const char *const offered[]);

#endif
