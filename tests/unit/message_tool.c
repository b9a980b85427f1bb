/* Writes plurals, numbers, amounts and times of the languages that the program has texts in, for
 * test_message_judges.py: a JSON array of what was asked and what came of it. */
#include <assert.h>
#include <jansson.h>
#include <stdio.h>

#include "base/message_formats.h"
#include "shop/texts/table.h"

enum { ARENA_BYTES = 16 * 1024 * 1024 };

static struct message_formats *formats;
static struct arena *arena;
static json_t *cases;

static void add_counts(const char *locale)
{
	static const int64_t MORE[] = {100, 101, 102, 111, 199, 1000, 12345, 1000000, 20000000};

	for (int64_t n = 0; n < 40 + (int64_t)(sizeof(MORE) / sizeof(MORE[0])); n++) {
		int64_t count = n < 40 ? n : MORE[n - 40];
		char category[PLURAL_CATEGORY_BYTES];

		plural_category(formats_of(formats, locale), count, category);
		json_array_append_new(cases, json_pack("{s:s,s:s,s:I,s:s}", "what", "plural",
		                                       "locale", locale, "value", (json_int_t)count,
		                                       "ours", category));
		json_array_append_new(
		    cases, json_pack("{s:s,s:s,s:I,s:s}", "what", "count", "locale", locale,
		                     "value", (json_int_t)count, "ours",
		                     format_count(formats_of(formats, locale), arena, count)));
	}
}

static void add_amounts(const char *locale)
{
	static const struct money AMOUNTS[] = {{123450, "USD"},   {0, "EUR"},     {5, "EUR"},
	                                       {99999999, "ETB"}, {-2050, "USD"}, {1200, "JPY"},
	                                       {1234567, "KWD"},  {-1, "JPY"}};

	for (size_t i = 0; i < sizeof(AMOUNTS) / sizeof(AMOUNTS[0]); i++) {
		char decimal[32];

		money_format_decimal(AMOUNTS[i].amount, AMOUNTS[i].currency, decimal);
		json_array_append_new(
		    cases, json_pack("{s:s,s:s,s:s,s:s,s:s}", "what", "money", "locale", locale,
		                     "value", decimal, "currency", AMOUNTS[i].currency, "ours",
		                     format_money(formats_of(formats, locale), arena, AMOUNTS[i])));
	}
}

static void add_times(const char *locale)
{
	static const char *const ZONES[] = {"Africa/Addis_Ababa", "America/St_Johns", "Asia/Tokyo"};
	static const int64_t TIMES_S[] = {1796000000, 1767225599, 1709164800};

	for (size_t zone = 0; zone < sizeof(ZONES) / sizeof(ZONES[0]); zone++)
		for (size_t at = 0; at < sizeof(TIMES_S) / sizeof(TIMES_S[0]); at++)
			for (int style = 0; style < MESSAGE_STYLE_COUNT; style++)
				json_array_append_new(
				    cases,
				    json_pack("{s:s,s:s,s:I,s:s,s:i,s:s}", "what", "time", "locale",
				              locale, "value", (json_int_t)(TIMES_S[at] * 1000),
				              "zone", ZONES[zone], "style", style, "ours",
				              format_time(formats_of(formats, locale), arena,
				                          ZONES[zone], (enum message_style)style,
				                          TIMES_S[at] * 1000000)));
}

static void add(const char *locale)
{
	add_counts(locale);
	add_amounts(locale);
	add_times(locale);
}

/* Further locales, of countries, are arguments. */
int main(int argc, char **argv)
{
	arena = arena_new(ARENA_BYTES, NULL, NULL);
	formats = message_formats_new();
	cases = json_array();
	assert(formats != NULL && cases != NULL);
	for (const struct text_language *each = TEXT_LANGUAGES; each->name != NULL; each++)
		add(each->name);
	for (int i = 1; i < argc; i++)
		add(argv[i]);
	json_dumpf(cases, stdout, 0);
	json_decref(cases);
	message_formats_free(formats);
	arena_free(arena);
	return 0;
}
