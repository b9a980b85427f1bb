/*
 * etag: entity tags (RFC 9110 §8.8.3). Generated tags are "<hash>" or, for a resource with a
 * version that If-Match can name, "<version>.<hash>". The hash is of the body's bytes.
 */
#ifndef SEBEZ_WEB_ETAG_H
#define SEBEZ_WEB_ETAG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "net/http.h"

enum { ETAG_SIZE = 48 };

void etag_make(const void *body, size_t length, int32_t version, char ret[ETAG_SIZE]); /* 0: none */

/* True when an If-None-Match header matches the tag: "*", a list, weak or strong. */
bool etag_matches(const char *header, const char *etag);
/* The same for all such headers of a request. */
bool etag_is_known(const struct http_exchange *ex, const char *etag);

/*
 * Collects the versions of generated tags in an If-Match header, at most max; true when it is "*",
 * which matches any version. Other tags match nothing and add no version. Weak tags count as
 * strong: a compressing proxy makes tags weak, and versions are exact.
 */
bool etag_versions(const char *header, size_t max, int32_t ret[], size_t *ret_count);

#endif
