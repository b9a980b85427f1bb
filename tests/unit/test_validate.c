#include <setjmp.h>
#include <sodium.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "thing.h"
#include "web/validate.h"

static struct arena *arena;
static struct thing thing;

static int set_up(void **state)
{
	(void)state;
	arena = arena_new(4 * 1024 * 1024, NULL, NULL);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	arena_free(arena);
	return 0;
}

/* What is wrong with it, as the JSON of the problem; NULL when nothing is. */
static const char *query(const char *text)
{
	struct check check;

	memset(&thing, 0, sizeof(thing));
	check_init(&check, arena);
	validate_defaults(&THING, &thing);
	validate_query(&check, &THING, text, &thing);
	return check_errors(&check);
}

static const char *body_of(const char *text, size_t length)
{
	struct check check;

	memset(&thing, 0, sizeof(thing));
	check_init(&check, arena);
	validate_defaults(&THING, &thing);
	validate_body(&check, &THING, text, length, &thing);
	return check_errors(&check);
}

static const char *body(const char *text)
{
	return body_of(text, strlen(text));
}

static void assert_wrong(const char *errors, const char *field, const char *code)
{
	char wanted[128];

	snprintf(wanted, sizeof(wanted), "{\"field\":\"%s\",\"code\":\"%s\"", field, code);
	if (errors == NULL || strstr(errors, wanted) == NULL)
		fail_msg("wanted %s, got %s", wanted, errors != NULL ? errors : "nothing");
}

static void a_query_fills_its_members(void **state)
{
	(void)state;
	assert_null(
	    query("limit=5&after=-9223372036854775808&flag=true&sort=price&tags=a&tags=%C3%A9"
	          "&colors=x,y&option[Color]=Red"));
	assert_int_equal(thing.limit, 5);
	assert_true(*thing.after == INT64_MIN);
	assert_true(*thing.flag);
	assert_int_equal(thing.sort, 1);
	assert_int_equal(thing.tags_count, 2);
	assert_string_equal(thing.tags[1], "é");
	assert_int_equal(thing.colors_count, 2);
	assert_string_equal(thing.colors[1], "y");
	assert_string_equal(thing.option[0].key, "Color");
	assert_string_equal(thing.option[0].value, "Red");
}

static void what_is_not_given_has_its_default_or_is_null(void **state)
{
	(void)state;
	assert_null(query(""));
	assert_int_equal(thing.limit, 20);
	assert_null(thing.after);
	assert_null(thing.flag);
	assert_null(thing.tags);
}

static void a_text_that_is_left_empty_is_not_given(void **state)
{
	(void)state;
	assert_null(query("words=&tags=&tags=a&tags=+&colors=x,,y&option[Color]=&option[Size]=L"));
	assert_null(thing.words);
	assert_int_equal(thing.tags_count, 1);
	assert_string_equal(thing.tags[0], "a");
	assert_int_equal(thing.colors_count, 2);
	assert_int_equal(thing.option_count, 1);
	assert_string_equal(thing.option[0].key, "Size");
	assert_null(query("words=+%20%09"));
	assert_null(thing.words);
	assert_null(query("words=two+words"));
	assert_string_equal(thing.words, "two words");
}

static void a_wrong_query_is_named(void **state)
{
	static const char *const CASES[][3] = {
	    {"limit=0", "?limit", "minimum"},
	    {"limit=101", "?limit", "maximum"},
	    {"limit=", "?limit", "type"},
	    {"limit=1.0", "?limit", "type"},
	    {"limit=+1", "?limit", "type"},
	    {"limit=01", "?limit", "type"},
	    {"limit=1&limit=2", "?limit", "repeated"},
	    {"after=9223372036854775808", "?after", "type"},
	    {"flag=", "?flag", "type"},
	    {"sort=", "?sort", "enum"},
	    {"words=x", "?words", "min_length"},
	    {"words=&words=", "?words", "repeated"},
	    {"flag=yes", "?flag", "type"},
	    {"sort=other", "?sort", "enum"},
	    {"nothing=1", "?nothing", "unknown_field"},
	    {"name=x", "?name", "unknown_field"},
	    {"tags=a&tags=b&tags=c&tags=d", "?tags", "max_items"},
	    {"tags=abcdef", "?tags", "max_length"},
	    {"tags=%00", "?tags", "encoding"},
	    {"tags=%ff", "?tags", "encoding"},
	    {"option[a]=1&option[b]=2&option[c]=3", "?option", "max_items"},
	    {"option[]=1", "?option[]", "unknown_field"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++)
		assert_wrong(query(CASES[i][0]), CASES[i][1], CASES[i][2]);
}

static void a_body_fills_its_members(void **state)
{
	(void)state;
	assert_null(
	    body("{\"name\":\"caf\\u00e9\",\"note\":null,\"big\":9223372036854775807,"
	         "\"at\":\"2026-11-23T07:00:00Z\",\"price\":{\"amount\":7,\"currency\":\"USD\"},"
	         "\"part\":{\"name\":\"p\"},\"parts\":[{\"name\":\"a\",\"count\":2}],"
	         "\"ids\":[\"0190c0de-0000-7000-8000-000000000001\"],"
	         "\"labels\":{\"k\":\"v\"},\"extra\":{\"a\": [1, 2]},"
	         "\"email\":\"a@b.example\",\"uri\":\"https://a.example/x\",\"slug\":\"a-b\","
	         "\"country\":\"DE\"}"));
	assert_string_equal(thing.name, "café");
	assert_true(thing.note_given);
	assert_null(thing.note);
	assert_true(thing.big == INT64_MAX);
	assert_int_equal(thing.price->amount, 7);
	assert_string_equal(thing.price->currency, "USD");
	assert_int_equal(thing.part.count, 1);
	assert_int_equal(thing.parts[0].count, 2);
	assert_int_equal(thing.ids_count, 1);
	assert_string_equal(thing.labels[0].value, "v");
	assert_string_equal(thing.extra, "{\"a\":[1,2]}");
}

static void a_trimmed_text_has_no_space_at_its_edges(void **state)
{
	(void)state;
	assert_null(body("{\"name\":\" a \",\"note\":\"\\u3000a \\u00a0b\\n\"}"));
	assert_string_equal(thing.note, "a \xc2\xa0"
	                                "b");
	assert_string_equal(thing.name, " a ");
	assert_wrong(body("{\"name\":\"a\",\"note\":\"          \"}"), "/note", "max_length");
}

static void an_empty_array_is_not_an_absent_one(void **state)
{
	(void)state;
	assert_null(body("{\"name\":\"a\",\"ids\":[]}"));
	assert_non_null(thing.ids);
	assert_int_equal(thing.ids_count, 0);
	assert_null(body("{\"name\":\"a\"}"));
	assert_null(thing.ids);
	assert_false(thing.note_given);
}

static void a_wrong_body_is_named_by_json_pointer(void **state)
{
	static const char *const CASES[][3] = {
	    {"", "", "json"},
	    {"[]", "", "type"},
	    {"{", "", "json"},
	    {"{\"part\":{\"name\":nonsense}}", "/part/name", "json"},
	    {"{\"parts\":[{\"count\":1},{\"count\":1,}]}", "/parts/1", "json"},
	    {"{} x", "", "json"},
	    {"{\"name\":\"a\",\"name\":\"b\"}", "/name", "duplicate"},
	    {"{\"part\":{\"name\":\"a\",\"name\":\"b\"}}", "/part/name", "duplicate"},
	    {"{\"name\":\"\\u0000\"}", "/name", "encoding"},
	    {"{\"labels\":{\"k\":\"\\u0000\"}}", "/labels/k", "encoding"},
	    {"{\"extra\":{\"a\":[\"\\u0000\"]}}", "/extra", "encoding"},
	    {"{\"name\":\"\\ud800\"}", "/name", "json"},
	    {"{\"name\":\"\xff\"}", "/name", "encoding"},
	    {"{\"note\":\" \\u00a0\\u200b \"}", "/note", "min_length"},
	    {"{\"name\":1}", "/name", "type"},
	    {"{\"name\":null}", "/name", "null"},
	    {"{\"name\":\"\"}", "/name", "min_length"},
	    {"{\"name\":\"abcdef\"}", "/name", "max_length"},
	    {"{}", "/name", "required"},
	    {"{\"a~/b\":1}", "/a~0~1b", "unknown_field"},
	    {"{\"limit\":1}", "/limit", "unknown_field"},
	    {"{\"big\":-1}", "/big", "minimum"},
	    {"{\"big\":1.0}", "/big", "type"},
	    {"{\"big\":9223372036854775808}", "/big", "type"},
	    {"{\"big\":1e999}", "/big", "json"},
	    {"{\"big\":\"1\"}", "/big", "type"},
	    {"{\"at\":\"yesterday\"}", "/at", "format"},
	    {"{\"price\":{\"amount\":-1,\"currency\":\"USD\"}}", "/price/amount", "minimum"},
	    {"{\"price\":{\"amount\":1,\"currency\":\"usd\"}}", "/price/currency", "format"},
	    {"{\"price\":{\"amount\":1}}", "/price/currency", "required"},
	    {"{\"price\":{\"amount\":1,\"currency\":\"USD\",\"x\":1}}", "/price/x",
	     "unknown_field"},
	    {"{\"part\":[]}", "/part", "type"},
	    {"{\"part\":{}}", "/part/name", "required"},
	    {"{\"parts\":[]}", "/parts", "min_items"},
	    {"{\"parts\":[{\"name\":\"a\"},{\"name\":\"b\",\"count\":100}]}", "/parts/1/count",
	     "maximum"},
	    {"{\"ids\":[\"x\"]}", "/ids/0", "format"},
	    {"{\"ids\":[\"0190c0de-0000-7000-8000-000000000001\","
	     "\"0190c0de-0000-7000-8000-000000000001\"]}",
	     "/ids/1", "unique"},
	    {"{\"labels\":{\"k\":1}}", "/labels/k", "type"},
	    {"{\"extra\":[]}", "/extra", "type"},
	    {"{\"email\":\"a@b\"}", "/email", "format"},
	    {"{\"email\":\"a b@c.example\"}", "/email", "format"},
	    {"{\"uri\":\"javascript:alert(1)\"}", "/uri", "format"},
	    {"{\"uri\":\"https://a.example/caf\\u00e9\"}", "/uri", "format"},
	    {"{\"slug\":\"A--b\"}", "/slug", "format"},
	    {"{\"country\":\"de\"}", "/country", "format"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++)
		assert_wrong(body(CASES[i][0]), CASES[i][1], CASES[i][2]);
}

static void everything_wrong_is_told_at_once_up_to_a_bound(void **state)
{
	char text[2000] = "{\"name\":1,\"big\":\"x\"";
	size_t count = 0;

	(void)state;
	for (int i = 0; i < 40; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), ",\"u%d\":1", i);
	strcat(text, "}");
	const char *errors = body(text);

	assert_wrong(errors, "/name", "type");
	assert_wrong(errors, "/big", "type");
	for (const char *at = errors; (at = strstr(at, "\"field\"")) != NULL; at++)
		count++;
	assert_int_equal(count, 20);
}

static void deep_nesting_is_refused_without_recursing(void **state)
{
	size_t length = 500 * 1000;
	char *text = malloc(length);

	(void)state;
	memset(text, '[', length);
	assert_wrong(body_of(text, length), "", "depth");
	free(text);
}

static void a_long_unknown_name_is_cut_between_characters(void **state)
{
	char text[2100] = "{\"";

	(void)state;
	for (int i = 0; i < 1000; i++)
		strcat(text, "é");
	strcat(text, "\":1}");
	assert_non_null(strstr(body(text), "unknown_field"));
}

static void a_patch_changes_at_least_one_thing(void **state)
{
	static struct field_object patch;
	struct check check;

	(void)state;
	patch = THING;
	patch.members_min = 1;
	memset(&thing, 0, sizeof(thing));
	check_init(&check, arena);
	validate_body(&check, &patch, "{}", 2, &thing);
	assert_wrong(check_errors(&check), "", "min_properties");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_query_fills_its_members),
	    cmocka_unit_test(what_is_not_given_has_its_default_or_is_null),
	    cmocka_unit_test(a_text_that_is_left_empty_is_not_given),
	    cmocka_unit_test(a_wrong_query_is_named),
	    cmocka_unit_test(a_body_fills_its_members),
	    cmocka_unit_test(a_trimmed_text_has_no_space_at_its_edges),
	    cmocka_unit_test(an_empty_array_is_not_an_absent_one),
	    cmocka_unit_test(a_wrong_body_is_named_by_json_pointer),
	    cmocka_unit_test(everything_wrong_is_told_at_once_up_to_a_bound),
	    cmocka_unit_test(deep_nesting_is_refused_without_recursing),
	    cmocka_unit_test(a_long_unknown_name_is_cut_between_characters),
	    cmocka_unit_test(a_patch_changes_at_least_one_thing),
	};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
