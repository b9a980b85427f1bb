/*
 * strict_cbor: reads the part of CBOR (RFC 8949) that authenticators write (CTAP2's canonical
 * form): definite lengths, each number in its shortest form, no tags, no floating point, at most
 * STRICT_CBOR_DEPTH levels. Whatever else comes is refused. Nothing is copied: items point into
 * what is read. libcbor decodes each head; it never sees more than one item, so nothing recurses.
 */
#ifndef SEBEZ_BASE_STRICT_CBOR_H
#define SEBEZ_BASE_STRICT_CBOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { STRICT_CBOR_DEPTH = 8 }; /* an attestation statement has three */

enum strict_cbor_kind {
	STRICT_CBOR_INTEGER,
	STRICT_CBOR_BYTES,
	STRICT_CBOR_TEXT, /* valid UTF-8 without NUL */
	STRICT_CBOR_ARRAY,
	STRICT_CBOR_MAP,
	STRICT_CBOR_SIMPLE, /* true, false or null */
};

struct strict_cbor_item {
	enum strict_cbor_kind kind;
	int64_t integer;
	const uint8_t *bytes; /* of bytes and texts */
	size_t length;        /* of bytes and texts; items of an array, pairs of a map */
};

struct strict_cbor {
	const uint8_t *at;
	size_t left;
};

/* The next item, of an array or a map its head alone. False: it is refused, or nothing is left. */
bool strict_cbor_read(struct strict_cbor *cbor, struct strict_cbor_item *ret);
/* The same; false also when it is of another kind. */
bool strict_cbor_expect(struct strict_cbor *cbor, enum strict_cbor_kind kind,
                        struct strict_cbor_item *ret);
/* Passes the next item with all that is in it. */
bool strict_cbor_skip(struct strict_cbor *cbor);

#endif
