#include "unit.h"

#include <jansson.h>
#include <math.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"

static struct arena *arena;
static struct buf buf;

static int begin(void **state)
{
	arena = arena_new(4 << 20, NULL, NULL);
	buf = buf_new(arena, 0);
	return 0;
}

static int end(void **state)
{
	arena_free(arena);
	return 0;
}

static void commas_and_colons_come_by_themselves(void **state)
{
	struct json json = json_new(&buf);

	json_open_object(&json);
	json_key(&json, "a");
	json_open_array(&json);
	json_int(&json, 1);
	json_nil(&json);
	json_open_object(&json);
	json_close_object(&json);
	json_bool(&json, true);
	json_close_array(&json);
	json_key(&json, "b");
	json_bool(&json, false);
	json_key(&json, "c");
	json_open_array(&json);
	json_close_array(&json);
	json_key(&json, "d");
	json_raw(&json, "{\"raw\":1}", 9);
	json_close_object(&json);
	assert_string_equal(buf.data,
	                    "{\"a\":[1,null,{},true],\"b\":false,\"c\":[],\"d\":{\"raw\":1}}");
}

static void nesting_goes_as_deep_as_promised(void **state)
{
	struct json json = json_new(&buf);

	for (int i = 0; i < JSON_DEPTH_MAX; i++)
		json_open_array(&json);
	for (int i = 0; i < JSON_DEPTH_MAX; i++)
		json_close_array(&json);
	assert_int_equal(buf.length, 2 * JSON_DEPTH_MAX);
}

static void values_of_the_shop_have_their_shapes(void **state)
{
	struct json json = json_new(&buf);
	struct uuid id;

	assert_true(uuid_parse("01a2075d-8e60-7475-bf0b-1d77bc03a0ce", &id));
	json_open_array(&json);
	json_uuid(&json, id);
	json_time(&json, 0);
	json_time(&json, TIME_INFINITY);
	json_open_object(&json);
	json_put_money(&json, "price", 1299, "USD");
	json_close_object(&json);
	json_str(&json, NULL);
	json_int(&json, INT64_MIN);
	json_close_array(&json);
	assert_string_equal(
	    buf.data,
	    "[\"01a2075d-8e60-7475-bf0b-1d77bc03a0ce\","
	    "\"1970-01-01T00:00:00.000000Z\",null,"
	    "{\"price\":{\"amount\":1299,\"currency\":\"USD\"}},null,-9223372036854775808]");
}

static void doubles_are_short_and_exact_and_finite(void **state)
{
	const double values[] = {0.1, 4.5, 1.0 / 3.0, 1e300, -0.25, NAN, INFINITY};
	struct json json = json_new(&buf);

	json_open_array(&json);
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
		json_double(&json, values[i]);
	json_close_array(&json);
	assert_string_equal(buf.data, "[0.1,4.5,0.3333333333333333,1e+300,-0.25,null,null]");
}

static void each_byte_of_ascii_is_escaped_as_rfc_8259_wants_wherever_it_stands(void **state)
{
	for (int byte = 1; byte < 128; byte++) {
		for (int place = 0; place < 20; place++) {
			char text[21] = "abcdefghijklmnopqrst";
			json_error_t error;
			json_t *read;

			struct json json = json_new(&buf);

			text[place] = (char)byte;
			buf_clear(&buf);
			json_str(&json, text);
			for (size_t i = 0; i < buf.length; i++)
				assert_true((unsigned char)buf.data[i] >= 0x20);
			read = json_loads(buf.data, JSON_DECODE_ANY, &error);
			assert_non_null(read);
			assert_string_equal(json_string_value(read), text);
			json_decref(read);
		}
	}
}

static void random_strings_survive_a_reader(void **state)
{
	static const char *const PIECES[] = {"plain text ", "\"", "\\",   "\n", "\x01", "é",
	                                     "漢字",        "🐟",  "\x7f", "/",  "\x1f", " "};

	for (int round = 0; round < 500; round++) {
		char text[300] = "";
		json_t *read;
		struct json json = json_new(&buf);

		for (int64_t left = random_between(0, 20); left > 0; left--)
			strcat(text, PIECES[random_u64() % (sizeof(PIECES) / sizeof(PIECES[0]))]);
		buf_clear(&buf);
		json_str(&json, text);
		read = json_loads(buf.data, JSON_DECODE_ANY, NULL);
		assert_non_null(read);
		assert_string_equal(json_string_value(read), text);
		json_decref(read);
	}
}

static void a_nul_inside_a_counted_string_is_escaped(void **state)
{
	struct json json = json_new(&buf);

	json_strn(&json, "a\0b", 3);
	assert_string_equal(buf.data, "\"a\\u0000b\"");
}

static void a_log_line_is_one_json_object(void **state)
{
	const struct log_field fields[] = {
	    log_str("address", "[::]:8080"), log_int("port", 8080), log_str("peer", NULL), {0}};

	log_line(&buf, 1000000, LOG_LEVEL_INFO, "api 1", "listening", fields);
	assert_string_equal(buf.data,
	                    "{\"time\":\"1970-01-01T00:00:01.000000Z\",\"level\":\"info\","
	                    "\"process\":\"api 1\",\"event\":\"listening\","
	                    "\"address\":\"[::]:8080\",\"port\":8080,"
	                    "\"peer\":null}\n");
}

static void a_log_line_stays_one_short_line_whatever_it_is_given(void **state)
{
	static char endless[100000];
	struct log_field fields[LOG_FIELDS_MAX + 2] = {0};
	json_t *read;

	for (size_t i = 0; i < sizeof(endless) - 1; i++)
		endless[i] = (char)random_between(1, 255);
	for (int i = 0; i <= LOG_FIELDS_MAX; i++) {
		char *name = arena_printf(arena, "f%d", i);

		fields[i] = log_str(name, i % 2 == 0 ? endless : "line\nbreak \xff");
	}
	log_line(&buf, 0, LOG_LEVEL_ERROR, "api 1", endless, fields);
	assert_true(buf.length <= LOG_LINE_MAX);
	assert_ptr_equal(strchr(buf.data, '\n'), buf.data + buf.length - 1);
	read = json_loads(buf.data, 0, NULL);
	assert_non_null(read);
	assert_int_equal(json_object_size(read), 4 + LOG_FIELDS_MAX);
	assert_string_equal(json_string_value(json_object_get(read, "f1")), "line\nbreak \uFFFD");
	json_decref(read);
}

static void a_long_text_is_cut_between_characters(void **state)
{
	static char text[LOG_TEXT_MAX * 2 + 1];
	const struct log_field fields[] = {log_str("t", text), {0}};

	for (size_t i = 1; i + 1 < sizeof(text); i += 2)
		memcpy(text + i, "é", 2);
	text[0] = 'x';
	log_line(&buf, 0, LOG_LEVEL_ERROR, "p", "e", fields);
	assert_non_null(strstr(buf.data, "é…\"}"));
}

static void levels_have_names_that_can_be_read_back(void **state)
{
	enum log_level level = LOG_LEVEL_DEBUG;

	for (int i = 0; i < LOG_LEVEL_COUNT; i++) {
		assert_true(log_level_parse(log_level_name((enum log_level)i), &level));
		assert_int_equal(level, i);
	}
	assert_false(log_level_parse("loud", &level));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(commas_and_colons_come_by_themselves, begin, end),
	    cmocka_unit_test_setup_teardown(nesting_goes_as_deep_as_promised, begin, end),
	    cmocka_unit_test_setup_teardown(values_of_the_shop_have_their_shapes, begin, end),
	    cmocka_unit_test_setup_teardown(doubles_are_short_and_exact_and_finite, begin, end),
	    cmocka_unit_test_setup_teardown(
	        each_byte_of_ascii_is_escaped_as_rfc_8259_wants_wherever_it_stands, begin, end),
	    cmocka_unit_test_setup_teardown(random_strings_survive_a_reader, begin, end),
	    cmocka_unit_test_setup_teardown(a_nul_inside_a_counted_string_is_escaped, begin, end),
	    cmocka_unit_test_setup_teardown(a_log_line_is_one_json_object, begin, end),
	    cmocka_unit_test_setup_teardown(a_log_line_stays_one_short_line_whatever_it_is_given,
	                                    begin, end),
	    cmocka_unit_test_setup_teardown(a_long_text_is_cut_between_characters, begin, end),
	    cmocka_unit_test_setup_teardown(levels_have_names_that_can_be_read_back, begin, end),
	};

	random_begin();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
