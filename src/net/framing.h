/*
 * framing: finds where the requests of a connection begin and end. It follows RFC 9112 strictly, so
 * that a proxy in front and this server always agree on the requests. It refuses anything
 * ambiguous: a space before a colon, a folded line, a line that ends without CR, NUL and other
 * control characters, a second Host, a Content-Length that is not a number, is repeated or is
 * combined with Transfer-Encoding, a coding other than chunked, a chunk without a length. It also
 * refuses a head that does not fit into the memory of a connection.
 *
 * Knows nothing of sockets: bytes go in as they come, in pieces of any size.
 */
#ifndef SEBEZ_NET_FRAMING_H
#define SEBEZ_NET_FRAMING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum framing_fault {
	FRAMING_GOOD,
	FRAMING_MALFORMED,       /* 400 */
	FRAMING_TARGET_TOO_LONG, /* 414 */
	FRAMING_HEAD_TOO_LARGE,  /* 431 */
};

/* All zero at the beginning of a connection. */
struct framing {
	unsigned state;
	enum framing_fault fault; /* once set, no more bytes are consumed */
	const char *why;          /* a sentence */
	uint64_t requests;        /* count of requests whose heads are complete */
	/* Of the current request. */
	unsigned room;  /* bytes that the head needs so far, of LIMIT_HEAD_BYTES */
	unsigned known; /* header of the current line */
	unsigned seen;  /* bit set of the known headers seen */
	bool is_old;    /* HTTP/1.0 */
	bool has_gap;   /* white space within or after a value */
	size_t at;      /* characters of the current token */
	char word[20];  /* start of the current token */
	uint64_t left;  /* bytes left of the body or of the chunk */
};

/* Consumes bytes. Returns how many of them belong to requests; after a fault, the bytes that follow
 * belong to no request. */
size_t framing_take(struct framing *framing, const char *bytes, size_t count);

/* True when the consumed bytes end with a complete request. */
bool framing_is_at_rest(const struct framing *framing);

#endif
