/* range: parts of a body (RFC 9110 §14). */
#ifndef SEBEZ_WEB_RANGE_H
#define SEBEZ_WEB_RANGE_H

#include <stdint.h>

enum range_kind {
	RANGE_WHOLE, /* no range, one that is not of bytes, malformed, or several: all bytes are
	                sent */
	RANGE_PART,
	RANGE_BEYOND, /* it begins behind the last byte: 416 */
};

/* header: of Range, NULL when absent. Sets first and length of a part of `total` bytes. */
enum range_kind range_parse(const char *header, int64_t total, int64_t *ret_first,
                            int64_t *ret_length);

#endif
