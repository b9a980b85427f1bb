/* Texts of notices and mails in all languages, with what they insert. */
#include "unit.h"

#include <string.h>

#include "base/limits.h"
#include "own_arena.h"
#include "shop/texts/table.h"
#include "shop/texts/texts.h"

#define ALL_FACTS(product, available)                                                              \
	"{\"order\": \"K7Q4-M2XD\", \"vendor\": \"Clay & Co\", \"customer\": \"Ann\", "            \
	"\"product\": \"" product "\", \"available\": " available                                  \
	", \"count\": 3, \"name\": \"Ann\","                                                       \
	"\"amount\": {\"amount\": 123450, \"currency\": \"USD\"}, \"sender\": \"Ann\","            \
	"\"excerpt\": \"When do you ship?\", \"status\": \"approved\","                            \
	"\"title\": \"New\", \"body\": \"Come and see\", \"class\": \"orders\","                   \
	"\"campaign\": \"Winter\", \"reason\": \"Too loud\", \"host\": \"shop.example\","          \
	"\"device\": \"Chrome on Windows\", \"address\": \"192.0.2.7\","                           \
	"\"disabled\": \"gone\", \"code\": \"012345\", \"shop\": \"Clay & Co\"}"

static struct text_reader reader_of(const char *locale)
{
	return (struct text_reader){.language = text_language_of(locale, NULL), .locale = locale};
}

static struct notice_text told(const char *locale, const char *kind, const char *facts)
{
	struct text_reader reader = reader_of(locale);
	struct notice_text text;

	assert_true(notice_text(arena, &reader, kind, facts, &text));
	return text;
}

static void each_language_has_the_plurals_that_unicode_says(void **state)
{
	for (const struct text_language *each = TEXT_LANGUAGES; each->name != NULL; each++) {
		const char *known = message_plural_categories(arena, each->name);
		size_t count = 0;

		/* In whatever order. */
		for (const char *at = known; at != NULL; at = strchr(at + 1, ' '))
			count++;
		for (const char *at = each->plurals; at != NULL; at = strchr(at + 1, ' '))
			count--;
		assert_int_equal(count, 0);
		for (const char *at = each->plurals; *at != 0; at += strspn(at, " ")) {
			size_t length = strcspn(at, " ");

			assert_non_null(strstr(known, arena_strndup(arena, at, length)));
			at += length;
		}
	}
}

static void every_text_is_whole_in_every_language(void **state)
{
	static const char *const COUNTS[] = {"0", "1", "2", "3", "11", "100", "1000000"};

	for (const struct text_language *each = TEXT_LANGUAGES; each->name != NULL; each++)
		for (size_t i = 0; i < TEXT_KEYS_COUNT; i++)
			for (size_t n = 0; n < sizeof(COUNTS) / sizeof(COUNTS[0]); n++) {
				struct text_reader reader = reader_of(each->name);
				const char *facts =
				    arena_printf(arena, ALL_FACTS("Mug", "%s"), COUNTS[n]);
				const char *text =
				    text_of(arena, &reader, TEXT_KEYS[i].name, facts);

				assert_non_null(text);
				assert_true(strlen(text) > 2);
				assert_null(strchr(text, '{'));
				assert_null(strchr(text, '#'));
			}
}

static void a_count_takes_the_form_of_the_language(void **state)
{
	assert_string_equal(told("en", "low_stock", ALL_FACTS("Mug", "1")).body,
	                    "There is only 1 left of \u2068Mug\u2069.");
	assert_string_equal(told("en", "low_stock", ALL_FACTS("Mug", "4")).body,
	                    "There are only 4 left of \u2068Mug\u2069.");
	assert_string_equal(told("ar", "low_stock", ALL_FACTS("Mug", "2")).body,
	                    "لم تبقَ سوى قطعتين من \u2068Mug\u2069.");
}

static void an_amount_takes_the_form_of_the_language_and_country(void **state)
{
	assert_string_equal(told("en", "order_placed", ALL_FACTS("Mug", "1")).body,
	                    "We have received your order \u2068K7Q4-M2XD\u2069 for "
	                    "\u2068$1,234.50\u2069.");
	assert_string_equal(
	    told("fr", "payment_refunded", ALL_FACTS("Mug", "1")).body,
	    "\u2068"
	    "1\u202f"
	    "234,50\u00a0$US\u2069 de votre commande \u2068K7Q4-M2XD\u2069 vous ont "
	    "été remboursés.");
	assert_string_equal(
	    told("fr-CA", "payment_refunded", ALL_FACTS("Mug", "1")).body,
	    "\u2068"
	    "1\u00a0"
	    "234,50\u00a0$\u00a0US\u2069 de votre commande \u2068K7Q4-M2XD\u2069 vous "
	    "ont été remboursés.");
}

static void what_is_inserted_cannot_reach_beyond_itself(void **state)
{
	const char *body = told("en", "out_of_stock",
	                        ALL_FACTS("\\u202emug\\u2069 \\n\\t blue\\u0007\\u2066", "0"))
	                       .body;

	assert_string_equal(body, "\u2068mug blue\u2069 is out of stock.");
}

static void a_long_text_is_cut_between_characters(void **state)
{
	char product[2 * LIMIT_INSERTED_BYTES + 1] = "";

	for (size_t i = 0; i < LIMIT_INSERTED_BYTES; i++)
		memcpy(product + 2 * i, "é", 2);
	product[2 * LIMIT_INSERTED_BYTES] = 0;

	const char *facts = arena_printf(arena, ALL_FACTS("%s", "0"), product);
	const char *body = told("en", "out_of_stock", facts).body;

	assert_true(strlen(body) < LIMIT_INSERTED_BYTES + 40);
	assert_non_null(strstr(body, "é…\u2069 is out of stock."));
}

static void a_message_without_text_is_told_without_it(void **state)
{
	assert_string_equal(
	    told("en", "message_from_vendor", "{\"vendor\": \"Clay\", \"excerpt\": null}").body,
	    "You have a new message.");
}

static void nothing_is_told_without_a_fact_it_needs(void **state)
{
	struct text_reader reader = reader_of("en");
	struct notice_text text;

	assert_false(notice_text(arena, &reader, "order_placed", "{\"order\": \"K7\"}", &text));
	assert_false(notice_text(arena, &reader, "order_placed",
	                         "{\"order\": \"K7\", \"amount\": null}", &text));
	assert_false(notice_text(arena, &reader, "of_a_newer_version", "{}", &text));
}

static void who_reads_another_language_reads_the_next_best(void **state)
{
	assert_string_equal(text_language_name(text_language_of("fr-CA", NULL)), "fr");
	assert_string_equal(text_language_name(text_language_of("AM_ET", NULL)), "am");
	assert_string_equal(text_language_name(text_language_of("ff", "fr")), "fr");
	assert_string_equal(text_language_name(text_language_of("ff", "xx")), "en");
	assert_string_equal(text_language_name(text_language_of(NULL, NULL)), "en");
	assert_true(text_is_right_to_left(text_language_of("ar", NULL)));
}

static void who_reads_none_of_the_languages_reads_the_marketplace_s(void **state)
{
	text_stop();
	assert_int_equal(text_start("am"), 0);
	assert_string_equal(text_language_name(text_language_of("ff", "xx")), "am");
	assert_string_equal(text_language_name(text_language_of(NULL, NULL)), "am");
	assert_string_equal(text_language_name(text_language_of("en-GB", NULL)), "en");
	assert_string_equal(text_language_names()[0], "am");
	text_stop();
	assert_int_equal(text_start("en"), 0);
}

static void a_locale_with_extensions_is_that_of_its_country(void **state)
{
	assert_string_equal(
	    told("fr-Latn-CA-u-nu-arab-x-much-more", "payment_refunded", ALL_FACTS("Mug", "1"))
	        .body,
	    told("fr-CA", "payment_refunded", ALL_FACTS("Mug", "1")).body);
}

static void a_notice_that_brings_its_texts_is_told_in_the_language_of_its_reader(void **state)
{
	static const char FACTS[] = "{\"language\": \"fr\", \"texts\": {"
	                            "\"fr\": {\"title\": \"Un\\u202e mug\", \"body\": \"{count}\"},"
	                            "\"am\": {\"title\": \"\u12a0\u12f2\u1235\", \"body\": "
	                            "\"\u12ed\u1218\u120d\u12a8\u1271\"}}}";
	struct text_reader reader = reader_of("en");
	struct notice_text text;

	assert_string_equal(told("am-ET", "promotion", FACTS).title,
	                    "\u2068\u12a0\u12f2\u1235\u2069");
	assert_string_equal(told("fr", "promotion", FACTS).title, "\u2068Un mug\u2069");
	assert_string_equal(told("ar", "promotion", FACTS).body, "\u2068{count}\u2069");
	assert_false(notice_text(arena, &reader, "promotion",
	                         "{\"language\": \"fr\", \"texts\": null}", &text));
}

static int set_up(void **state)
{
	return arena_set_up(state) != 0 || text_start("en") != 0;
}

static int tear_down(void **state)
{
	text_stop();
	return arena_tear_down(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_language_has_the_plurals_that_unicode_says),
	    cmocka_unit_test(every_text_is_whole_in_every_language),
	    cmocka_unit_test(a_notice_that_brings_its_texts_is_told_in_the_language_of_its_reader),
	    cmocka_unit_test(a_count_takes_the_form_of_the_language),
	    cmocka_unit_test(an_amount_takes_the_form_of_the_language_and_country),
	    cmocka_unit_test(what_is_inserted_cannot_reach_beyond_itself),
	    cmocka_unit_test(a_long_text_is_cut_between_characters),
	    cmocka_unit_test(a_message_without_text_is_told_without_it),
	    cmocka_unit_test(nothing_is_told_without_a_fact_it_needs),
	    cmocka_unit_test(who_reads_another_language_reads_the_next_best),
	    cmocka_unit_test(who_reads_none_of_the_languages_reads_the_marketplace_s),
	    cmocka_unit_test(a_locale_with_extensions_is_that_of_its_country),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
