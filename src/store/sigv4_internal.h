/* sigv4_internal: the steps of a signature, for signing and for verifying. */
#ifndef SEBEZ_STORE_SIGV4_INTERNAL_H
#define SEBEZ_STORE_SIGV4_INTERNAL_H

#include "store/sigv4.h"

#define SIGV4_ALGORITHM "AWS4-HMAC-SHA256"
#define SIGV4_SIGNATURE "X-Amz-Signature"

enum {
	SIGV4_DATE_LENGTH = 16, /* 20261129T165814Z */
	SIGV4_DAY_LENGTH = 8,   /* the first part of it */
};

/* What a signature is limited to. */
struct sigv4_scope {
	char date[SIGV4_DATE_LENGTH + 1];
	const char *text; /* <day>/<region>/s3/aws4_request */
};

struct sigv4_scope sigv4_scope_of(struct arena *arena, const char *region, int64_t at_us);

/* Sorted by encoded name, then by encoded value: the order of the plain texts would differ. */
const char *sigv4_canonical_query(struct arena *arena, const struct sigv4_pair *query,
                                  size_t count);

/* The headers are all that are signed, with the host, sorted by name. */
const char *sigv4_string_to_sign(struct arena *arena, const struct sigv4_call *call,
                                 const struct sigv4_scope *scope, const char *query,
                                 const struct sigv4_pair *headers, size_t header_count);

/* HMAC(HMAC(HMAC(HMAC("AWS4" + secret, day), region), "s3"), "aws4_request") signs the text. Of the
 * date the day counts. */
const char *sigv4_signature_of(struct arena *arena, const struct sigv4_keys *keys,
                               const char *region, const char *date, const char *text);

#endif
