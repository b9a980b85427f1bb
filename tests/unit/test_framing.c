/* Where requests begin and end, and what is none. */
#include "unit.h"

#include <string.h>

#include "base/limits.h"
#include "net/framing.h"

#define H "Host: a\r\n"
#define GET "GET / HTTP/1.1\r\n" H "\r\n"
#define CHUNKED "POST / HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n\r\n"

struct text {
	const char *bytes;
	size_t length;
};
#define TEXT(literal)                                                                              \
	{                                                                                          \
		literal, sizeof(literal) - 1                                                       \
	}

static const struct text GOOD[] = {
    TEXT(GET),
    TEXT("\r\n" GET),
    TEXT("GET / HTTP/1.0\r\n\r\n"),
    TEXT("OPTIONS * HTTP/1.1\r\nhOST:a\r\n\r\n"),
    TEXT("GET /\xc3\xbc?a=b&c HTTP/1.1\r\n" H "X:\r\nY: \t a b\tc \t\r\nZ: \xff\r\n\r\n"),
    TEXT("GET / HTTP/1.1\r\nHost:  [::1]:80 \r\n\r\n"),
    TEXT("GET / HTTP/1.1\r\nHost:\r\n\r\n"),
    TEXT("POST / HTTP/1.1\r\n" H "Content-Length: 5\r\n\r\nGET /"),
    TEXT("POST / HTTP/1.1\r\n" H "Content-Length:05 \r\n\r\n\n\r\n\0 "),
    TEXT("POST / HTTP/1.1\r\n" H "Content-Length: 0\r\n\r\n"),
    TEXT(CHUNKED "5\r\nhello\r\n00A\r\n0123456789\r\n0\r\n\r\n"),
    TEXT(CHUNKED "1;a=\"b\"\r\n\n\r\n0;c\r\nX: y\r\nHost: b\r\n\r\n"),
    TEXT("POST / HTTP/1.1\r\n" H "transfer-encoding:CHUNKED \r\n\r\n0\r\n\r\n"),
};

static const struct text BAD[] = {
    TEXT("\r\n\r\n" GET),
    TEXT("\n" GET),
    TEXT(" GET / HTTP/1.1\r\n" H "\r\n"),
    TEXT("\x16\x03\x01\x02"),
    TEXT("GET\t/ HTTP/1.1\r\n"),
    TEXT("GET  / HTTP/1.1\r\n"),
    TEXT("GET /  HTTP/1.1\r\n"),
    TEXT("GET /\0x HTTP/1.1\r\n"),
    TEXT("GET /\x7f HTTP/1.1\r\n"),
    TEXT("GET /\r\n"),
    TEXT("GET / HTTP/1.1 \r\n"),
    TEXT("GET / HTTP/1.1\n"),
    TEXT("GET / http/1.1\r\n"),
    TEXT("GET / HTTP/1.2\r\n"),
    TEXT("PRI * HTTP/2.0\r\n"),
    TEXT("GET / HTTP/1.1\r\n\r\n"),
    TEXT("GET / HTTP/1.1\r\n" H H "\r\n"),
    TEXT("GET / HTTP/1.0\r\n" H "host: b\r\n\r\n"),
    TEXT("GET / HTTP/1.1\r\nHost: a b\r\n"),
    TEXT("GET / HTTP/1.1\r\nHost: a,b\r\n"),
    TEXT("GET / HTTP/1.1\r\nHost: a/b\r\n"),
    TEXT("GET / HTTP/1.1\r\nHost: u@a\r\n"),
    TEXT("GET / HTTP/1.1\r\n" H " X: y\r\n"),
    TEXT("GET / HTTP/1.1\r\n X: y\r\n"),
    TEXT("GET / HTTP/1.1\r\n" H "X: y\r\n\tz\r\n"),
    TEXT("GET / HTTP/1.1\r\n" H "X : y\r\n"),
    TEXT("GET / HTTP/1.1\r\n" H "X\t: y\r\n"),
    TEXT("GET / HTTP/1.1\r\n" H ": y\r\n"),
    TEXT("GET / HTTP/1.1\r\n" H "X\r\n"),
    TEXT("GET / HTTP/1.1\r\n" H "X(y): z\r\n"),
    TEXT("GET / HTTP/1.1\r\n" H "X\0: z\r\n"),
    TEXT("GET / HTTP/1.1\r\n" H "X: y\0z\r\n"),
    TEXT("GET / HTTP/1.1\r\n" H "X: y\rz\r\n"),
    TEXT("GET / HTTP/1.1\r\n" H "X: y\nZ: z\r\n"),
    TEXT("GET / HTTP/1.1\r\n" H "X: \x01\r\n"),
    TEXT("GET / HTTP/1.1\r\n" H "\n"),
    TEXT("POST / HTTP/1.1\r\n" H "Content-Length : 5\r\n"),
    TEXT("POST / HTTP/1.1\r\n" H "Content-Length:\r\n"),
    TEXT("POST / HTTP/1.1\r\n" H "Content-Length: +5\r\n"),
    TEXT("POST / HTTP/1.1\r\n" H "Content-Length: -5\r\n"),
    TEXT("POST / HTTP/1.1\r\n" H "Content-Length: 0x5\r\n"),
    TEXT("POST / HTTP/1.1\r\n" H "Content-Length: 5 5\r\n"),
    TEXT("POST / HTTP/1.1\r\n" H "Content-Length: 5,5\r\n"),
    TEXT("POST / HTTP/1.1\r\n" H "Content-Length: 5.0\r\n"),
    TEXT("POST / HTTP/1.1\r\n" H "Content-Length: 18446744073709551621\r\n"),
    TEXT("POST / HTTP/1.1\r\n" H "Content-Length: 5\r\nContent-Length: 5\r\n\r\n"),
    TEXT("POST / HTTP/1.1\r\n" H "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"),
    TEXT("POST / HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n"),
    TEXT("POST / HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"),
    TEXT("POST / HTTP/1.1\r\n" H "Transfer-Encoding: identity\r\n"),
    TEXT("POST / HTTP/1.1\r\n" H "Transfer-Encoding: gzip, chunked\r\n"),
    TEXT("POST / HTTP/1.1\r\n" H "Transfer-Encoding: chunked, chunked\r\n"),
    TEXT("POST / HTTP/1.1\r\n" H "Transfer-Encoding: xchunked\r\n"),
    TEXT("POST / HTTP/1.1\r\n" H "Transfer-Encoding: \x0b"
         "chunked\r\n"),
    TEXT("POST / HTTP/1.1\r\n" H "Transfer-Encoding: chunk\r\n"),
    TEXT("POST / HTTP/1.1\r\n" H "Transfer-Encoding:\r\n"),
    TEXT("POST / HTTP/1.0\r\n" H "Transfer-Encoding: chunked\r\n\r\n"),
    TEXT(CHUNKED "\r\n"),
    TEXT(CHUNKED "zz\r\n"),
    TEXT(CHUNKED "-1\r\n"),
    TEXT(CHUNKED "0x1\r\n"),
    TEXT(CHUNKED " 1\r\n"),
    TEXT(CHUNKED "1 \r\n"),
    TEXT(CHUNKED "1\na"),
    TEXT(CHUNKED "1;a\nb\r\n"),
    TEXT(CHUNKED "10000000000000001\r\n"),
    TEXT(CHUNKED "1\r\nabc"),
    TEXT(CHUNKED "1\r\na\n0\r\n\r\n"),
    TEXT(CHUNKED "0\r\nX : y\r\n"),
    TEXT(CHUNKED "0\r\nX: y\0\r\n"),
    TEXT(CHUNKED "0\r\n\rG"),
};

/* In pieces of so many bytes; whether all of it is whole requests. */
static struct framing take(const struct text *text, size_t piece)
{
	struct framing framing = {0};

	for (size_t at = 0; at < text->length; at += piece)
		framing_take(&framing, text->bytes + at,
		             text->length - at < piece ? text->length - at : piece);
	return framing;
}

static void requests_end_where_they_end_however_they_come(void **state)
{
	for (size_t i = 0; i < sizeof(GOOD) / sizeof(GOOD[0]); i++)
		for (size_t piece = 1; piece <= GOOD[i].length; piece++) {
			struct framing framing = take(&GOOD[i], piece);

			if (!framing_is_at_rest(&framing) || framing.requests != 1)
				fail_msg("%zu by %zu: %s", i, piece,
				         framing.why != NULL ? framing.why : "not at its end");
		}
}

static void a_request_is_whole_with_its_last_byte(void **state)
{
	for (size_t i = 0; i < sizeof(GOOD) / sizeof(GOOD[0]); i++) {
		struct framing framing = {0};
		size_t most = GOOD[i].length - 1;

		assert_int_equal(framing_take(&framing, GOOD[i].bytes, most), 0);
		assert_false(framing_is_at_rest(&framing));
		assert_int_equal(framing_take(&framing, GOOD[i].bytes + most, 1), 1);
	}
}

static void what_is_no_request_is_refused_however_it_comes(void **state)
{
	for (size_t i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++)
		for (size_t piece = 1; piece <= BAD[i].length; piece++) {
			struct framing framing = take(&BAD[i], piece);

			if (framing.fault != FRAMING_MALFORMED || framing.why == NULL)
				fail_msg("%zu by %zu is taken: %s", i, piece, BAD[i].bytes);
		}
}

static void what_is_before_it_is_whole(void **state)
{
	static const char TWO[] = GET GET;

	for (size_t i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++) {
		struct framing framing = {0};
		char bytes[1024];

		memcpy(bytes, TWO, sizeof(TWO) - 1);
		memcpy(bytes + sizeof(TWO) - 1, BAD[i].bytes, BAD[i].length);
		assert_int_equal(framing_take(&framing, bytes, sizeof(TWO) - 1 + BAD[i].length),
		                 sizeof(TWO) - 1);
		assert_int_equal(framing.fault, FRAMING_MALFORMED);
		assert_int_equal(framing_take(&framing, GET, sizeof(GET) - 1), 0);
	}
}

static enum framing_fault repeated(const char *head, const char *piece)
{
	struct framing framing = {0};

	framing_take(&framing, head, strlen(head));
	for (int i = 0; i <= LIMIT_HEAD_BYTES && framing.fault == FRAMING_GOOD; i++)
		framing_take(&framing, piece, strlen(piece));
	return framing.fault;
}

static void a_head_is_bounded_in_all_its_parts(void **state)
{
	assert_int_equal(repeated("GET /", "a"), FRAMING_TARGET_TOO_LONG);
	assert_int_equal(repeated("GET /?", "&"), FRAMING_TARGET_TOO_LONG);
	assert_int_equal(repeated("", "G"), FRAMING_HEAD_TOO_LARGE);
	assert_int_equal(repeated("GET / HTTP/1.1\r\n", "a:\r\n"), FRAMING_HEAD_TOO_LARGE);
	assert_int_equal(repeated("GET / HTTP/1.1\r\na:", "a"), FRAMING_HEAD_TOO_LARGE);
	assert_int_equal(repeated("GET / HTTP/1.1\r\nCookie:", ";"), FRAMING_HEAD_TOO_LARGE);
	assert_int_equal(repeated(CHUNKED "0\r\n", "a:\r\n"), FRAMING_HEAD_TOO_LARGE);
	assert_int_equal(repeated(CHUNKED "1;", "a"), FRAMING_MALFORMED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(requests_end_where_they_end_however_they_come),
	    cmocka_unit_test(a_request_is_whole_with_its_last_byte),
	    cmocka_unit_test(what_is_no_request_is_refused_however_it_comes),
	    cmocka_unit_test(what_is_before_it_is_whole),
	    cmocka_unit_test(a_head_is_bounded_in_all_its_parts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
