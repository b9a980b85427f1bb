/* Texts that come from outside: paths, queries, entity tags, keys, languages, cursors, tokens. */
#include <setjmp.h>
#include <sodium.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "web/accept.h"
#include "web/client_address.h"
#include "web/etag.h"
#include "web/idempotency.h"
#include "web/language.h"
#include "web/limit_table.h"
#include "web/page.h"
#include "web/token.h"
#include "web/uri.h"

static void percent_encoding_is_read_strictly(void **state)
{
	static const struct {
		const char *text;
		bool form;
		const char *decoded; /* NULL: refused */
	} CASES[] = {
	    {"plain", false, "plain"}, {"a%20b", false, "a b"}, {"a+b", false, "a+b"},
	    {"a+b", true, "a b"},      {"%C3%A9", false, "é"},  {"%c3%a9", true, "é"},
	    {"%2F", false, NULL},      {"%2F", true, "/"},      {"%00", true, NULL},
	    {"%", true, NULL},         {"%4", true, NULL},      {"%zz", true, NULL},
	    {"%ff", true, NULL},       {"%C3", true, NULL},     {"", true, ""},
	};
	char decoded[32];

	(void)state;
	for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
		bool good =
		    uri_decode(CASES[i].text, strlen(CASES[i].text), CASES[i].form, decoded);

		assert_int_equal(good, CASES[i].decoded != NULL);
		if (good)
			assert_string_equal(decoded, CASES[i].decoded);
	}
}

static void a_query_is_dealt_into_pairs(void **state)
{
	const char *at = "&a=1&&b=&c&=d&e=f=g&";
	static const char *const NAMES[] = {"a", "b", "c", "", "e"};
	static const char *const VALUES[] = {"1", "", "", "d", "f=g"};
	struct uri_pair pair;
	size_t count = 0;

	(void)state;
	for (; uri_next_pair(&at, &pair); count++) {
		assert_int_equal(pair.name_length, strlen(NAMES[count]));
		assert_memory_equal(pair.name, NAMES[count], pair.name_length);
		assert_int_equal(pair.value_length, strlen(VALUES[count]));
		assert_memory_equal(pair.value, VALUES[count], pair.value_length);
	}
	assert_int_equal(count, 5);
}

static void an_entity_tag_is_found_in_lists_weak_or_not(void **state)
{
	char etag[ETAG_SIZE], other[ETAG_SIZE], list[128];

	(void)state;
	etag_make("body", 4, 0, etag);
	etag_make("bodz", 4, 0, other);
	assert_string_not_equal(etag, other);
	assert_true(etag_matches(etag, etag));
	assert_true(etag_matches("*", etag));
	snprintf(list, sizeof(list), "%s , W/%s", other, etag);
	assert_true(etag_matches(list, etag));
	assert_false(etag_matches(other, etag));
	assert_false(etag_matches("", etag));
}

static void what_is_accepted_is_named_and_not_refused(void **state)
{
	(void)state;
	assert_true(accept_names("text/html", "text/html"));
	assert_true(accept_names("a/b, TEXT/html ;q=0.1", "text/html"));
	assert_true(accept_names("text/html;level=1;q=0.001,a/b", "text/html"));
	assert_false(accept_names("", "gzip"));
	assert_false(accept_names(" , ,;", "gzip"));
	assert_false(accept_names("*/*", "text/html"));
	assert_false(accept_names("gzipped, xgzip", "gzip"));
	assert_false(accept_names("text/html; q=0", "text/html"));
	assert_false(accept_names("gzip;q=0.000,br", "gzip"));
	assert_true(accept_names("gzip;q=0,gzip", "gzip"));
}

static void only_our_tags_name_a_version(void **state)
{
	char etag[ETAG_SIZE], list[200];
	int32_t versions[3];
	size_t count = 0;

	(void)state;
	etag_make("body", 4, 12, etag);
	assert_false(etag_versions(etag, 3, versions, &count));
	assert_int_equal(count, 1);
	assert_int_equal(versions[0], 12);
	assert_true(etag_versions("*", 3, versions, &count));
	assert_true(etag_versions(" * ", 3, versions, &count));
	snprintf(list, sizeof(list), "\"a, b\",W/%s ,, \"3.0123456789abcdef\"", etag);
	assert_false(etag_versions(list, 3, versions, &count));
	assert_int_equal(count, 2);
	assert_int_equal(versions[0], 12);
	assert_int_equal(versions[1], 3);
	snprintf(list, sizeof(list), "%s,%s,%s,%s", etag, etag, etag, etag);
	assert_false(etag_versions(list, 3, versions, &count));
	assert_int_equal(count, 3);
	static const char *const WRONG[] = {
	    "",
	    "12",
	    "\"12\"",
	    "\"x.0123456789abcdef\"",
	    "\"0123456789abcdef\"",
	    "\"12.0123456789abcdef",
	    "\"12.0123456789abcdef0\"",
	    "\"9999999999.0123456789abcdef\"",
	    "\"0.0123456789abcdef\"",
	    "*, \"12\"",
	    "\"",
	    ",,\"\"",
	};
	for (size_t i = 0; i < sizeof(WRONG) / sizeof(WRONG[0]); i++) {
		assert_false(etag_versions(WRONG[i], 3, versions, &count));
		assert_int_equal(count, 0);
	}
}

static void a_key_may_be_quoted(void **state)
{
	char key[IDEMPOTENCY_KEY_MAX + 1], text[400];

	(void)state;
	assert_true(idempotency_parse("abc-1", key));
	assert_string_equal(key, "abc-1");
	assert_true(idempotency_parse("\"abc-1\"", key));
	assert_string_equal(key, "abc-1");
	assert_false(idempotency_parse("", key));
	assert_false(idempotency_parse("\"\"", key));
	assert_false(idempotency_parse("a b", key));
	assert_false(idempotency_parse("caf\xc3\xa9", key));
	memset(text, 'k', sizeof(text));
	text[255] = 0;
	assert_true(idempotency_parse(text, key));
	text[255] = 'k';
	text[256] = 0;
	assert_false(idempotency_parse(text, key));
}

static void the_address_that_a_proxy_appended_is_the_client_s(void **state)
{
	static const struct {
		const char *forwarded, *peer, *address, *network;
	} CASES[] = {
	    {NULL, "10.0.0.1", "10.0.0.1", "10.0.0.1"},
	    {"192.0.2.7", "10.0.0.1", "192.0.2.7", "192.0.2.7"},
	    {"1.1.1.1, 192.0.2.7 ", "10.0.0.1", "192.0.2.7", "192.0.2.7"},
	    {"192.0.2.7,", "10.0.0.1", "10.0.0.1", "10.0.0.1"},
	    {"192.0.2.7, unknown", "10.0.0.1", "10.0.0.1", "10.0.0.1"},
	    {"192.0.2.7:1234", "10.0.0.1", "10.0.0.1", "10.0.0.1"},
	    {"::ffff:192.0.2.7", "10.0.0.1", "192.0.2.7", "192.0.2.7"},
	    {"2001:DB8:1:2:3:4:5:6", "10.0.0.1", "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"},
	    {NULL, "2001:db8:1:2:ffff::1", "2001:db8:1:2:ffff::1", "2001:db8:1:2::"},
	    {NULL, "unix", "unix", "unix"},
	};
	char address[CLIENT_ADDRESS_SIZE], network[CLIENT_ADDRESS_SIZE];

	(void)state;
	for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
		client_address(CASES[i].forwarded, CASES[i].peer, address);
		client_network(address, network);
		assert_string_equal(address, CASES[i].address);
		assert_string_equal(network, CASES[i].network);
	}
}

static void the_preferred_language_on_offer_is_chosen(void **state)
{
	static const char *const OFFERED[] = {"en", "de", "pt-BR", NULL};
	static const struct {
		const char *header, *chosen;
	} CASES[] = {
	    {NULL, "en"},
	    {"", "en"},
	    {"de", "de"},
	    {"de-CH, en;q=0.5", "de"},
	    {"en;q=0.1, de;q=0.9", "de"},
	    {"fr, *;q=0.5", "en"},
	    {"pt-br", "pt-BR"},
	    {"pt", "pt-BR"},
	    {"pt-PT, de;q=0.5", "pt-BR"},
	    {"p, ptx", "en"},
	    {"de;q=0", "en"},
	    {"de;q=1.001", "en"},
	    {"de;q=nonsense, ;;, ,", "en"},
	    {"deutsch", "en"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++)
		assert_string_equal(language_choose(CASES[i].header, OFFERED), CASES[i].chosen);
}

static void a_cursor_comes_back_as_it_was(void **state)
{
	struct page page = {.after_key = 5, .after_id = uuid_v7(), .sort = 3, .scope = 0xdeadbeef};
	struct page back = {0};
	char text[PAGE_CURSOR_MAX + 1];

	(void)state;
	page_encode(&page, text);
	assert_true(page_decode(text, &back));
	assert_int_equal(back.after_key, 5);
	assert_true(uuid_equal(back.after_id, page.after_id));
	assert_int_equal(back.sort, 3);
	assert_int_equal(back.scope, 0xdeadbeef);
	assert_string_equal(back.after_text, "");
	memset(page.after_text, 'x', PAGE_TEXT_BYTES);
	page_encode(&page, text);
	assert_true(page_decode(text, &back));
	assert_string_equal(back.after_text, page.after_text);
	memcpy(page.after_text, "\xff", 2); /* no UTF-8 */
	page_encode(&page, text);
	assert_false(page_decode(text, &back));
	page.after_text[0] = 0;
	page.after_key = INT64_MIN / 4; /* nothing is sorted by what is negative */
	page_encode(&page, text);
	assert_false(page_decode(text, &back));
	text[0] = 'Z'; /* another version */
	assert_false(page_decode(text, &back));
	assert_false(page_decode("", &back));
	assert_false(page_decode("!", &back));
}

static const struct token_key OLD_KEY = {.id = 1, .bytes = {1, 2, 3}};
static const struct token_key NEW_KEY = {.id = 2, .bytes = {4, 5, 6}};

static struct token some_token(void)
{
	return (struct token){.kind = TOKEN_ACCOUNT,
	                      .account_id = uuid_v7(),
	                      .session_id = uuid_v7(),
	                      .issued_s = 1000,
	                      .expires_s = 1900};
}

static void a_token_says_who_until_it_expires(void **state)
{
	struct token token = some_token(), back;
	char text[TOKEN_LENGTH + 1];

	(void)state;
	token_keys_set(1, &NEW_KEY);
	token_make(&token, text);
	assert_int_equal(strlen(text), TOKEN_LENGTH);
	assert_int_equal(token_check(text, 1899, &back), TOKEN_GOOD);
	assert_true(uuid_equal(back.account_id, token.account_id));
	assert_true(uuid_equal(back.session_id, token.session_id));
	assert_int_equal(back.kind, TOKEN_ACCOUNT);
	assert_int_equal(token_check(text, 1900, &back), TOKEN_EXPIRED);
}

static void a_changed_token_is_refused_whatever_was_changed(void **state)
{
	struct token token = some_token(), back;
	char text[TOKEN_LENGTH + 1], good[TOKEN_LENGTH + 1];

	(void)state;
	token_keys_set(1, &NEW_KEY);
	token_make(&token, good);
	for (int i = 0; i < TOKEN_LENGTH; i++) {
		memcpy(text, good, sizeof(text));
		text[i] = text[i] == 'A' ? 'B' : 'A';
		assert_int_equal(token_check(text, 1500, &back), TOKEN_BAD);
	}
	assert_int_equal(token_check("", 1500, &back), TOKEN_BAD);
}

static void keys_can_be_rotated(void **state)
{
	struct token token = some_token(), back;
	struct token_key both[] = {NEW_KEY, OLD_KEY};
	char text[TOKEN_LENGTH + 1];

	(void)state;
	token_keys_set(1, &OLD_KEY);
	token_make(&token, text);
	token_keys_set(2, both);
	assert_int_equal(token_check(text, 1500, &back), TOKEN_GOOD);
	token_keys_set(1, &NEW_KEY);
	assert_int_equal(token_check(text, 1500, &back), TOKEN_BAD);
}

static void counters_count_within_their_window(void **state)
{
	(void)state;
	limit_table_clear();
	assert_int_equal(limit_table_add("a", 60, 1000).count, 1);
	assert_int_equal(limit_table_add("a", 60, 2000).count, 2);
	assert_int_equal(limit_table_add("b", 60, 2000).count, 1);
	assert_int_equal(limit_table_add("a", 60, 2000).left_s, 59);
	assert_int_equal(limit_table_add("a", 60, 61000).count, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(percent_encoding_is_read_strictly),
	    cmocka_unit_test(a_query_is_dealt_into_pairs),
	    cmocka_unit_test(an_entity_tag_is_found_in_lists_weak_or_not),
	    cmocka_unit_test(what_is_accepted_is_named_and_not_refused),
	    cmocka_unit_test(only_our_tags_name_a_version),
	    cmocka_unit_test(a_key_may_be_quoted),
	    cmocka_unit_test(the_address_that_a_proxy_appended_is_the_client_s),
	    cmocka_unit_test(the_preferred_language_on_offer_is_chosen),
	    cmocka_unit_test(a_cursor_comes_back_as_it_was),
	    cmocka_unit_test(a_token_says_who_until_it_expires),
	    cmocka_unit_test(a_changed_token_is_refused_whatever_was_changed),
	    cmocka_unit_test(keys_can_be_rotated),
	    cmocka_unit_test(counters_count_within_their_window),
	};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
