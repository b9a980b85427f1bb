/*
 * framing: where the requests of a connection begin and end, read from its bytes as RFC 9112 has it
 * and no more leniently, so that no proxy in front can see other requests than we do. What is not
 * plainly a request is refused: a space before a colon, a folded line, a line that ends without CR,
 * NUL and other control characters, a second Host, a Content-Length that is no number, is there
 * twice or beside Transfer-Encoding, a coding other than chunked, a chunk without a length. So is a
 * head for which the memory of a connection would not do.
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
	enum framing_fault fault; /* nothing more is taken then */
	const char *why;          /* a sentence */
	uint64_t requests;        /* whose heads are in */
	/* Of the request under way. */
	unsigned room;  /* that its head needs so far, of LIMIT_HEAD_BYTES */
	unsigned known; /* which header this line is */
	unsigned seen;  /* which were there, as bits */
	bool is_old;    /* HTTP/1.0 */
	bool has_gap;   /* white space within or after a value */
	size_t at;      /* characters of what is being read */
	char word[20];  /* the beginning of it */
	uint64_t left;  /* of the body, or of a chunk */
};

/* Takes bytes in. Returns how many of them belong to requests that are whole with them; on a fault,
 * what follows those is no request. */
size_t framing_take(struct framing *framing, const char *bytes, size_t count);

/* Whether everything that was taken is whole requests. */
bool framing_is_at_rest(const struct framing *framing);

#endif
