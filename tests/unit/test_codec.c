#include "unit.h"

#include "base/codec.h"
#include "base/hash.h"

static void base64url_is_that_of_rfc_4648(void **state)
{
	static const char *const PLAIN[] = {"", "f", "fo", "foo", "foob", "fooba", "foobar"};
	static const char *const CODED[] = {"",       "Zg",      "Zm8",     "Zm9v",
	                                    "Zm9vYg", "Zm9vYmE", "Zm9vYmFy"};
	char text[16];

	for (size_t i = 0; i < 7; i++) {
		base64url_encode((const uint8_t *)PLAIN[i], i, text);
		assert_string_equal(text, CODED[i]);
		assert_int_equal(strlen(text), BASE64URL_LENGTH(i));
	}
	base64url_encode((const uint8_t[]){0xfb, 0xff}, 2, text);
	assert_string_equal(text, "-_8");
}

static void bytes_come_back_from_text(void **state)
{
	for (int round = 0; round < 3000; round++) {
		uint8_t bytes[100], back[100];
		char text[201], libsodium[201];
		size_t count = (size_t)random_between(0, 100);

		for (size_t i = 0; i < count; i++)
			bytes[i] = (uint8_t)random_u64();
		base64url_encode(bytes, count, text);
		sodium_bin2base64(libsodium, sizeof(libsodium), bytes, count,
		                  sodium_base64_VARIANT_URLSAFE_NO_PADDING);
		assert_string_equal(text, libsodium);
		assert_true(base64url_decode(text, back, count));
		assert_memory_equal(bytes, back, count);
		hex_encode(bytes, count, text);
		assert_true(hex_decode(text, back, count));
		assert_memory_equal(bytes, back, count);
	}
}

static void only_the_canonical_encoding_is_decoded(void **state)
{
	static const char *const BAD[] = {"Zh", "Zg==", "Zg=", "Z",   "",      "Zm8",
	                                  "Z+", "Z/",   "Zg ", " Zg", "\xa4g", "Z\xaf"};
	uint8_t byte = 7;

	for (size_t i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++)
		assert_false(base64url_decode(BAD[i], &byte, 1));
	assert_false(hex_decode("AB", &byte, 1));
	assert_false(hex_decode("a", &byte, 1));
	assert_false(hex_decode("abc", &byte, 1));
	assert_false(hex_decode("ag", &byte, 1));
	assert_int_equal(byte, 7);
}

/* Every text has at most one reading: what decodes is what its bytes encode to. */
static void random_texts_decode_only_to_what_encodes_to_them(void **state)
{
	static const char LETTERS[] = "ABCXYZabcxyz0189-_-_=+/ ";

	for (int round = 0; round < 20000; round++) {
		size_t count = (size_t)random_between(0, 5);
		size_t length = BASE64URL_LENGTH(count);
		char text[16] = "", again[16];
		uint8_t bytes[8];

		for (size_t i = 0; i < length; i++)
			text[i] = LETTERS[random_u64() % (sizeof(LETTERS) - 1)];
		if (!base64url_decode(text, bytes, count))
			continue;
		base64url_encode(bytes, count, again);
		assert_string_equal(text, again);
	}
}

static void valid_utf8_is_accepted_at_every_place(void **state)
{
	static const char *const GOOD[] = {"",
	                                   "plain",
	                                   "é",
	                                   "漢字",
	                                   "\U0001f41f",
	                                   "\xed\x9f\xbf",
	                                   "\xee\x80\x80",
	                                   "\xf4\x8f\xbf\xbf",
	                                   "\x7f\x01"};

	for (size_t i = 0; i < sizeof(GOOD) / sizeof(GOOD[0]); i++) {
		for (size_t before = 0; before < 20; before++) {
			char text[64];
			int length = snprintf(text, sizeof(text), "%.*s%s tail of it", (int)before,
			                      "aaaaaaaaaaaaaaaaaaaa", GOOD[i]);

			assert_true(utf8_is_valid(text, (size_t)length));
		}
	}
}

static void broken_utf8_is_refused_at_every_place(void **state)
{
	static const char *const BAD[] = {
	    "\x80",             /* a continuation alone */
	    "\xc3",             /* cut */
	    "\xe6\xbc",         /* cut */
	    "\xf0\x9f\x90",     /* cut */
	    "\xc0\xaf",         /* overlong */
	    "\xc1\xbf",         /* overlong */
	    "\xe0\x9f\xbf",     /* overlong */
	    "\xf0\x8f\xbf\xbf", /* overlong */
	    "\xed\xa0\x80",     /* a surrogate */
	    "\xf4\x90\x80\x80", /* beyond U+10FFFF */
	    "\xf5\x80\x80\x80",
	    "\xff",
	};

	for (size_t i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++) {
		for (size_t before = 0; before < 20; before++) {
			for (int tail = 0; tail < 2; tail++) {
				char text[64];
				int length = snprintf(text, sizeof(text), "%.*s%s%s", (int)before,
				                      "aaaaaaaaaaaaaaaaaaaa", BAD[i],
				                      tail != 0 ? " and a tail" : "");

				assert_false(utf8_is_valid(text, (size_t)length));
			}
		}
	}
	for (size_t place = 0; place < 20; place++) {
		char text[20];

		memset(text, 'a', sizeof(text));
		text[place] = 0;
		assert_false(utf8_is_valid(text, sizeof(text)));
	}
}

static void length_counts_code_points(void **state)
{
	assert_int_equal(utf8_length("", 0), 0);
	assert_int_equal(utf8_length("aé漢\U0001f41f", 10), 4);
}

static void assert_slug(const char *text, const char *expected)
{
	char slug[64];

	slug_from(text, slug, sizeof(slug));
	assert_string_equal(slug, expected);
}

static void names_become_slugs(void **state)
{
	assert_slug("Blue Mug", "blue-mug");
	assert_slug("  Men's  --  T-Shirt!! ", "mens-t-shirt");
	assert_slug("Café Crème Ñandú", "cafe-creme-nandu");
	assert_slug("50% off", "50-off");
	assert_slug("漢字", "");
	assert_slug("a\xff\xfe b", "a-b");
	assert_slug("a\xc3", "a");
}

static void a_slug_fits_its_room_and_is_valid_whatever_it_comes_from(void **state)
{
	for (int round = 0; round < 20000; round++) {
		char text[40] = "", slug[16];
		size_t size = (size_t)random_between(1, sizeof(slug));

		for (int64_t i = random_between(0, 38); i > 0; i--)
			text[i - 1] = (char)(random_u64() % 2 ? random_between(1, 255) : 'a');
		slug_from(text, slug, size);
		assert_true(strlen(slug) < size);
		assert_true(slug[0] == 0 || slug_is_valid(slug));
	}
}

static void slugs_that_are_none_are_refused(void **state)
{
	assert_true(slug_is_valid("a"));
	assert_true(slug_is_valid("blue-mug-2"));
	assert_false(slug_is_valid(""));
	assert_false(slug_is_valid("-a"));
	assert_false(slug_is_valid("a-"));
	assert_false(slug_is_valid("a--b"));
	assert_false(slug_is_valid("A"));
	assert_false(slug_is_valid("a b"));
	assert_false(slug_is_valid("é"));
}

static void hashes_depend_on_their_bytes_and_key(void **state)
{
	uint8_t key[HASH_KEY_BYTES] = {1};
	uint8_t other_key[HASH_KEY_BYTES] = {2};

	assert_true(hash_plain("", 0) == UINT64_C(0xcbf29ce484222325));
	assert_true(hash_plain("a", 1) == UINT64_C(0xaf63dc4c8601ec8c));
	assert_true(hash_keyed(key, "a", 1) == hash_keyed(key, "a", 1));
	assert_true(hash_keyed(key, "a", 1) != hash_keyed(other_key, "a", 1));
	assert_true(hash_keyed(key, "a", 1) != hash_keyed(key, "b", 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(base64url_is_that_of_rfc_4648),
	    cmocka_unit_test(bytes_come_back_from_text),
	    cmocka_unit_test(only_the_canonical_encoding_is_decoded),
	    cmocka_unit_test(random_texts_decode_only_to_what_encodes_to_them),
	    cmocka_unit_test(valid_utf8_is_accepted_at_every_place),
	    cmocka_unit_test(broken_utf8_is_refused_at_every_place),
	    cmocka_unit_test(length_counts_code_points),
	    cmocka_unit_test(names_become_slugs),
	    cmocka_unit_test(a_slug_fits_its_room_and_is_valid_whatever_it_comes_from),
	    cmocka_unit_test(slugs_that_are_none_are_refused),
	    cmocka_unit_test(hashes_depend_on_their_bytes_and_key),
	};

	random_begin();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
