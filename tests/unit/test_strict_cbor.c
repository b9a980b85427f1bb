/* Strict CBOR. */
#include "unit.h"

#include <string.h>

#include "base/strict_cbor.h"

#define CBOR(text) ((struct strict_cbor){(const uint8_t *)(text), sizeof(text) - 1})

static void numbers_are_read_in_their_shortest_form_alone(void **state)
{
	static const struct {
		struct strict_cbor cbor;
		int64_t number;
	} GOOD[] = {
	    {{(const uint8_t *)"\x00", 1}, 0},
	    {{(const uint8_t *)"\x17", 1}, 23},
	    {{(const uint8_t *)"\x18\x18", 2}, 24},
	    {{(const uint8_t *)"\x19\x01\x00", 3}, 256},
	    {{(const uint8_t *)"\x1a\x00\x01\x00\x00", 5}, 65536},
	    {{(const uint8_t *)"\x1b\x7f\xff\xff\xff\xff\xff\xff\xff", 9}, INT64_MAX},
	    {{(const uint8_t *)"\x20", 1}, -1},
	    {{(const uint8_t *)"\x39\x01\x00", 3}, -257},
	    {{(const uint8_t *)"\x3b\x7f\xff\xff\xff\xff\xff\xff\xff", 9}, INT64_MIN},
	};
	struct strict_cbor bad[] = {
	    CBOR("\x18\x17"),
	    CBOR("\x19\x00\xff"),
	    CBOR("\x1a\x00\x00\xff\xff"),
	    CBOR("\x1b\x00\x00\x00\x00\xff\xff\xff\xff"),
	    CBOR("\x38\x17"),
	    CBOR("\x1b\x80\x00\x00\x00\x00\x00\x00\x00"),
	    CBOR("\x3b\xff\xff\xff\xff\xff\xff\xff\xff"),
	};
	struct strict_cbor_item item;

	(void)state;
	for (size_t i = 0; i < sizeof(GOOD) / sizeof(GOOD[0]); i++) {
		struct strict_cbor cbor = GOOD[i].cbor;

		assert_true(strict_cbor_expect(&cbor, STRICT_CBOR_INTEGER, &item));
		assert_int_equal(item.integer, GOOD[i].number);
		assert_int_equal(cbor.left, 0);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(strict_cbor_read(&bad[i], &item));
}

static void what_authenticators_do_not_write_is_refused(void **state)
{
	struct strict_cbor bad[] = {
	    CBOR(""),                 /* nothing */
	    CBOR("\x5f\x41\x00\xff"), /* bytes, a map and an array without a length */
	    CBOR("\xbf\xff"),
	    CBOR("\x9f\xff"),
	    CBOR("\xc0\x60"),     /* a tag */
	    CBOR("\xf9\x00\x00"), /* a real number */
	    CBOR("\xf7"),         /* undefined */
	    CBOR("\xff"),         /* an end of nothing */
	    CBOR("\x1c"),         /* reserved */
	    CBOR("\x42\x00"),     /* too short */
	    CBOR("\x5b\xff\xff\xff\xff\xff\xff\xff\xff"),
	    CBOR("\x61\xff"),     /* not UTF-8 */
	    CBOR("\x61\x00"),     /* NUL */
	    CBOR("\x58\x01\x00"), /* a long head */
	    CBOR("\xb8\x01\x00\x00"),
	    CBOR("\x82\x00"), /* one of two */
	    CBOR("\xa1\x00"),
	    CBOR("\x9b\xff\xff\xff\xff\xff\xff\xff\xff"),
	    CBOR("\xbb\xff\xff\xff\xff\xff\xff\xff\xff\x00"),
	    CBOR("\x81\x81\x81\x81\x81\x81\x81\x81\x81\x00"), /* nine levels */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(strict_cbor_skip(&bad[i]));
}

static void an_item_is_passed_with_all_that_is_in_it(void **state)
{
	struct strict_cbor cbor = CBOR("\xa2\x63"
	                               "fmt\x64none\x01\x82\xf5\x81\xf6\x07"),
	                   deep = CBOR("\x81\x81\x81\x81\x81\x81\x81\x81\x00");

	(void)state;
	assert_true(strict_cbor_skip(&cbor));
	assert_int_equal(cbor.left, 1);
	assert_int_equal(*cbor.at, 7);
	assert_true(strict_cbor_skip(&deep));
	assert_int_equal(deep.left, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(numbers_are_read_in_their_shortest_form_alone),
	    cmocka_unit_test(what_authenticators_do_not_write_is_refused),
	    cmocka_unit_test(an_item_is_passed_with_all_that_is_in_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
