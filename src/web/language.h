/*
 * language: which of the languages on offer an Accept-Language header wants (RFC 9110 §12.5.4,
 * matched by the lookup of RFC 4647 §3.4: "de-CH" is content with "de").
 */
#ifndef SEBEZ_WEB_LANGUAGE_H
#define SEBEZ_WEB_LANGUAGE_H

/* The best of `offered` (NULL-terminated, the first one is the default). header may be NULL and may
 * be anything: what cannot be read is passed over. */
const char *language_choose(const char *header, const char *const offered[]);

#endif
