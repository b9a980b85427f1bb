#include "net/framing.h"

#include <assert.h>
#include <string.h>

#include "base/codec.h"
#include "base/limits.h"

enum state {
	AT_REST, /* between requests: no byte of the next one was read */
	AFTER_EMPTY_CR,
	AFTER_EMPTY_LINE,
	IN_METHOD,
	IN_TARGET,
	IN_VERSION,
	AFTER_VERSION_CR,
	AT_LINE, /* the beginning of a header or the end of the head */
	IN_NAME,
	IN_VALUE,
	AFTER_VALUE_CR,
	AFTER_HEAD_CR,
	IN_BODY,
	IN_CHUNK_SIZE,
	IN_CHUNK_EXTENSION,
	AFTER_CHUNK_SIZE_CR,
	IN_CHUNK,
	AFTER_CHUNK,
	AFTER_CHUNK_CR,
	AT_TRAILER, /* as AT_LINE, behind the last chunk */
};

enum known { OTHER, HOST, LENGTH, CODING, COOKIE, KNOWN_COUNT };

static const char *const NAMES[KNOWN_COUNT] = {"", "host", "content-length", "transfer-encoding",
                                               "cookie"};
static const char CHUNKED[] = "chunked";

enum {
	DIGITS_MAX = 18, /* longer numbers are not a length and do not fit into 64 bits */
	HEX_DIGITS_MAX = 15,
	/* Memory that libmicrohttpd needs for each header, cookie and query parameter beside its
	 * text; 64 in 0.9.75 and in 1.0.1. */
	ENTRY_BYTES = 72,
};

static bool refuse(struct framing *f, enum framing_fault fault, const char *why)
{
	f->fault = fault;
	f->why = why;
	return false;
}

static bool malformed(struct framing *f, const char *why)
{
	return refuse(f, FRAMING_MALFORMED, why);
}

static bool target_too_long(struct framing *f)
{
	return refuse(f, FRAMING_TARGET_TOO_LONG,
	              "The URI is too long or has too many parameters.");
}

static bool needs_room(struct framing *f, unsigned bytes)
{
	f->room += bytes;
	if (f->room <= LIMIT_HEAD_BYTES)
		return true;
	if (f->state == IN_TARGET)
		return target_too_long(f);
	return refuse(f, FRAMING_HEAD_TOO_LARGE, "The headers are too large.");
}

/* tchar of RFC 9110. */
static bool is_name_character(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       (c != '\0' && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

static bool is_host_character(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       (c != '\0' && strchr("-._~%!$&'()*+;=:[]", c) != NULL);
}

static bool is_control(char c)
{
	return ((unsigned char)c < ' ' && c != '\t') || c == 0x7f;
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static void enter(struct framing *f, enum state state)
{
	f->state = state;
	f->at = 0;
}

/* Appends a character to the token being read; longer tokens are truncated. */
static void spell(struct framing *f, char c)
{
	if (f->at < sizeof(f->word))
		f->word[f->at] = c;
	f->at++;
}

static bool is_spelled(const struct framing *f, const char *word)
{
	return f->at == strlen(word) && memcmp(f->word, word, f->at) == 0;
}

static bool want(struct framing *f, char c, char wanted, enum state next)
{
	if (c != wanted)
		return malformed(f, "A line does not end with CR and LF.");
	enter(f, next);
	return true;
}

static bool end_version(struct framing *f)
{
	f->is_old = is_spelled(f, "HTTP/1.0");
	if (!f->is_old && !is_spelled(f, "HTTP/1.1"))
		return malformed(f, "The request line does not end with HTTP/1.1 or HTTP/1.0.");
	enter(f, AFTER_VERSION_CR);
	return true;
}

static bool take_request_line(struct framing *f, char c)
{
	if (!needs_room(f, 1))
		return false;
	if (f->state == IN_METHOD) {
		if (c == ' ' && f->at > 0)
			enter(f, IN_TARGET);
		else if (is_name_character(c))
			f->at++;
		else
			return malformed(f, "The request does not begin with an HTTP method.");
	} else if (f->state == IN_TARGET) {
		if (c == ' ' && f->at > 0)
			enter(f, IN_VERSION);
		else if (c == ' ' || c == '\t' || is_control(c))
			return malformed(f,
			                 "The URI has a character that must be percent-encoded.");
		else if (++f->at > LIMIT_TARGET_BYTES)
			return target_too_long(f);
		return (c != '&' && c != '?') || needs_room(f, ENTRY_BYTES);
	} else if (c == '\r') {
		return end_version(f);
	} else if (is_control(c) || f->at == sizeof("HTTP/1.1") - 1) {
		return malformed(f, "The request line does not end with HTTP/1.1 or HTTP/1.0.");
	} else {
		spell(f, c);
	}
	return true;
}

static bool is_trailer(const struct framing *f)
{
	return (f->seen & 1u << OTHER) != 0;
}

static bool end_name(struct framing *f)
{
	f->known = OTHER;
	for (unsigned i = HOST; i < KNOWN_COUNT && !is_trailer(f); i++)
		if (is_spelled(f, NAMES[i]))
			f->known = i;
	if (f->known != OTHER && f->known != COOKIE && (f->seen & 1u << f->known) != 0)
		return malformed(f, "Host, Content-Length or Transfer-Encoding is repeated.");
	if (f->known != OTHER)
		f->seen |= 1u << f->known;
	f->has_gap = false;
	enter(f, IN_VALUE);
	return needs_room(f, ENTRY_BYTES);
}

/* Consumes a character of a value of a known header. */
static bool take_known(struct framing *f, char c)
{
	static const char *const WRONG[KNOWN_COUNT] = {
	    [HOST] = "Host is not a valid host name.",
	    [LENGTH] = "Content-Length is not a number of bytes.",
	    [CODING] = "Transfer-Encoding is not chunked.",
	};
	bool is_good = !f->has_gap;

	if (f->known == COOKIE)
		return needs_room(f, c == ';' || c == ',' ? 1 + ENTRY_BYTES : 1);
	if (f->known == HOST) {
		is_good &= is_host_character(c);
	} else if (f->known == LENGTH) {
		is_good &= c >= '0' && c <= '9' && f->at < DIGITS_MAX;
		f->left = f->left * 10 + (uint64_t)(c - '0');
	} else {
		is_good &= f->at < sizeof(CHUNKED) - 1 && lower(c) == CHUNKED[f->at];
	}
	f->at++;
	return is_good || malformed(f, WRONG[f->known]);
}

static bool end_value(struct framing *f)
{
	if (f->known == LENGTH && f->at == 0)
		return malformed(f, "Content-Length is not a number of bytes.");
	if (f->known == CODING && f->at != sizeof(CHUNKED) - 1)
		return malformed(f, "Transfer-Encoding is not chunked.");
	enter(f, AFTER_VALUE_CR);
	return true;
}

static bool take_value(struct framing *f, char c)
{
	if (c == '\r')
		return end_value(f);
	if (is_control(c))
		return malformed(f, "A header has a control character in its value.");
	if (f->known == OTHER)
		return true;
	if (c == ' ' || c == '\t') {
		f->has_gap = f->at > 0;
		return f->known != COOKIE || needs_room(f, 1);
	}
	return take_known(f, c);
}

static bool take_line(struct framing *f, char c)
{
	if (!needs_room(f, 1))
		return false;
	if (f->state == IN_VALUE)
		return take_value(f, c);
	if (f->state == IN_NAME && c == ':')
		return end_name(f);
	if (f->state != IN_NAME && c == '\r') {
		enter(f, AFTER_HEAD_CR);
		return true;
	}
	if (f->state != IN_NAME && (c == ' ' || c == '\t'))
		return malformed(f, "A header line begins with white space.");
	if (!is_name_character(c))
		return malformed(f, "A header is not of the form name: value.");
	if (f->state != IN_NAME)
		enter(f, IN_NAME);
	spell(f, lower(c));
	return true;
}

static void begin_next(struct framing *f)
{
	*f = (struct framing){.requests = f->requests};
}

static bool end_head(struct framing *f)
{
	bool has_length = (f->seen & 1u << LENGTH) != 0, is_chunked = (f->seen & 1u << CODING) != 0;

	if (is_trailer(f)) {
		begin_next(f);
		return true;
	}
	if (!f->is_old && (f->seen & 1u << HOST) == 0)
		return malformed(f, "The Host header is missing.");
	if (is_chunked && (has_length || f->is_old))
		return malformed(f,
		                 "Transfer-Encoding is used with Content-Length or in HTTP/1.0.");
	f->requests++;
	if (is_chunked) {
		f->left = 0;
		enter(f, IN_CHUNK_SIZE);
	} else if (f->left > 0) {
		enter(f, IN_BODY);
	} else {
		begin_next(f);
	}
	return true;
}

static bool take_chunk_size(struct framing *f, char c)
{
	int digit = hex_digit(c);

	if (f->at > 0 && c == '\r') {
		enter(f, AFTER_CHUNK_SIZE_CR);
	} else if (f->at > 0 && c == ';') {
		enter(f, IN_CHUNK_EXTENSION);
	} else if (digit < 0 || f->at == HEX_DIGITS_MAX) {
		return malformed(f, "A chunk does not begin with its size.");
	} else {
		assert(f->left <= UINT64_MAX >> 4);
		f->left = f->left * 16 + (uint64_t)digit;
		f->at++;
	}
	return true;
}

static bool take_extension(struct framing *f, char c)
{
	if (c == '\r') {
		enter(f, AFTER_CHUNK_SIZE_CR);
		return true;
	}
	return (!is_control(c) && f->at++ < LIMIT_CHUNK_EXTENSION_BYTES) ||
	       malformed(f, "A chunk has an extension that is not supported.");
}

static bool end_chunk_size(struct framing *f, char c)
{
	if (!want(f, c, '\n', f->left > 0 ? IN_CHUNK : AT_TRAILER))
		return false;
	if (f->left == 0)
		f->seen |= 1u << OTHER;
	return true;
}

/* False on a fault. */
static bool take(struct framing *f, char c)
{
	switch ((enum state)f->state) {
	case AT_REST:
		if (c == '\r') {
			enter(f, AFTER_EMPTY_CR);
			return true;
		}
		enter(f, IN_METHOD);
		return take_request_line(f, c);
	case AFTER_EMPTY_CR:
		return want(f, c, '\n', AFTER_EMPTY_LINE);
	case AFTER_EMPTY_LINE: /* one empty line before a request is allowed */
		enter(f, IN_METHOD);
		return take_request_line(f, c);
	case IN_METHOD:
	case IN_TARGET:
	case IN_VERSION:
		return take_request_line(f, c);
	case AFTER_VERSION_CR:
	case AFTER_VALUE_CR:
		return want(f, c, '\n', is_trailer(f) ? AT_TRAILER : AT_LINE);
	case AT_LINE:
	case AT_TRAILER:
	case IN_NAME:
	case IN_VALUE:
		return take_line(f, c);
	case AFTER_HEAD_CR:
		return want(f, c, '\n', AT_LINE) && end_head(f);
	case IN_CHUNK_SIZE:
		return take_chunk_size(f, c);
	case IN_CHUNK_EXTENSION:
		return take_extension(f, c);
	case AFTER_CHUNK_SIZE_CR:
		return end_chunk_size(f, c);
	case AFTER_CHUNK:
		return want(f, c, '\r', AFTER_CHUNK_CR);
	case AFTER_CHUNK_CR:
		return want(f, c, '\n', IN_CHUNK_SIZE);
	case IN_BODY:
	case IN_CHUNK:
		break;
	}
	assert(false); /* consumed by pass() */
	return false;
}

/* Skips bytes of the body. Returns how many. */
static size_t pass(struct framing *f, size_t count)
{
	size_t passed = f->left < count ? (size_t)f->left : count;

	assert(f->left > 0 && (f->state == IN_BODY || f->state == IN_CHUNK));
	f->left -= passed;
	if (f->left == 0 && f->state == IN_CHUNK)
		enter(f, AFTER_CHUNK);
	else if (f->left == 0)
		begin_next(f);
	return passed;
}

size_t framing_take(struct framing *f, const char *bytes, size_t count)
{
	size_t whole = 0, at = 0;

	while (at < count && f->fault == FRAMING_GOOD) {
		if (f->state == IN_BODY || f->state == IN_CHUNK)
			at += pass(f, count - at);
		else if (take(f, bytes[at]))
			at++;
		if (f->state == AT_REST && f->fault == FRAMING_GOOD)
			whole = at;
	}
	assert(whole <= at && at <= count);
	return whole;
}

bool framing_is_at_rest(const struct framing *f)
{
	return f->state == AT_REST && f->fault == FRAMING_GOOD;
}
