#include "base/trace.h"

#include <assert.h>
#include <sodium.h>
#include <string.h>

/* Small letters only, as the standard says. */
static bool read_hex(const char *text, uint8_t *ret, size_t count)
{
	static const char DIGITS[] = "0123456789abcdef";

	for (size_t i = 0; i < 2 * count; i++) {
		const char *digit = text[i] != '\0' ? strchr(DIGITS, text[i]) : NULL;

		if (digit == NULL)
			return false;
		ret[i / 2] = (uint8_t)(ret[i / 2] << 4 | (digit - DIGITS));
	}
	return true;
}

static bool is_nil(const uint8_t *bytes, size_t count)
{
	return sodium_is_zero(bytes, count) == 1;
}

bool trace_parse(const char *traceparent, struct trace *ret)
{
	const char *at = traceparent;
	uint8_t version = 0, flags = 0;
	struct trace trace = {.known = true};

	*ret = (struct trace){0};
	if (at == NULL || strlen(at) < TRACE_PARENT_TEXT)
		return false;
	if (!read_hex(at, &version, 1) || at[2] != '-' ||
	    !read_hex(at + 3, trace.id, TRACE_ID_BYTES) || at[3 + TRACE_ID_TEXT] != '-' ||
	    !read_hex(at + 4 + TRACE_ID_TEXT, trace.parent, TRACE_SPAN_BYTES) ||
	    at[TRACE_PARENT_TEXT - 3] != '-' || !read_hex(at + TRACE_PARENT_TEXT - 2, &flags, 1))
		return false;
	/* Later versions may add fields at the end. */
	if (version == 0xff ||
	    (at[TRACE_PARENT_TEXT] != '\0' && (version == 0 || at[TRACE_PARENT_TEXT] != '-')))
		return false;
	if (is_nil(trace.id, sizeof(trace.id)) || is_nil(trace.parent, sizeof(trace.parent)))
		return false;
	trace.sampled = (flags & 1) != 0;
	randombytes_buf(trace.span, sizeof(trace.span));
	*ret = trace;
	return true;
}

struct trace trace_begin(void)
{
	struct trace trace = {.known = true, .sampled = true};

	randombytes_buf(trace.id, sizeof(trace.id));
	randombytes_buf(trace.span, sizeof(trace.span));
	return trace;
}

struct trace trace_part(const struct trace *trace)
{
	struct trace part = *trace;

	assert(trace->known);
	memcpy(part.parent, trace->span, sizeof(part.parent));
	randombytes_buf(part.span, sizeof(part.span));
	return part;
}

void trace_format_id(const struct trace *trace, char ret[TRACE_ID_TEXT + 1])
{
	assert(trace->known);
	sodium_bin2hex(ret, TRACE_ID_TEXT + 1, trace->id, sizeof(trace->id));
}

void trace_format(const struct trace *trace, char ret[TRACE_PARENT_TEXT + 1])
{
	char *at = ret + 3 + TRACE_ID_TEXT;

	memcpy(ret, "00-", 3);
	trace_format_id(trace, ret + 3);
	*at++ = '-';
	sodium_bin2hex(at, 2 * TRACE_SPAN_BYTES + 1, trace->span, sizeof(trace->span));
	memcpy(at + 2 * TRACE_SPAN_BYTES, trace->sampled ? "-01" : "-00", 4);
	assert(strlen(ret) == TRACE_PARENT_TEXT);
}
