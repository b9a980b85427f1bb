#include "unit.h"

#include "shop/catalog/import_csv.h"
#include "shop/catalog/import_value.h"
#include "shop/catalog/text.h"

/* Rows as "line:value|value" or "line!problem", one after the other. */
struct reading {
	char text[2048];
	size_t length;
};

static void note(void *arg, const struct csv_row *row)
{
	struct reading *reading = arg;

	reading->length +=
	    (size_t)snprintf(reading->text + reading->length, 256, "%lld%c", (long long)row->line,
	                     row->problem == CSV_FINE ? ':' : '!');
	if (row->problem != CSV_FINE)
		reading->length +=
		    (size_t)snprintf(reading->text + reading->length, 256, "%d", (int)row->problem);
	for (size_t i = 0; i < row->count; i++)
		reading->length += (size_t)snprintf(reading->text + reading->length, 256, "%s%s",
		                                    i > 0 ? "|" : "", row->fields[i].text);
	reading->text[reading->length++] = '\n';
	reading->text[reading->length] = 0;
}

static struct reading read_all(const char *csv, size_t length, size_t piece)
{
	struct reading reading = {.text = ""};
	struct arena *arena = arena_new(4 * 1024 * 1024, NULL, NULL);
	struct csv_reader *reader = csv_reader_new(arena, note, &reading);

	for (size_t at = 0; at < length; at += piece)
		csv_reader_feed(reader, csv + at, length - at < piece ? length - at : piece);
	csv_reader_end(reader);
	arena_free(arena);
	return reading;
}

static void count_row(void *arg, const struct csv_row *row)
{
	(*(int64_t *)arg)++;
}

static void assert_reads(const char *csv, const char *rows)
{
	for (size_t piece = 1; piece <= strlen(csv); piece++) {
		struct reading reading = read_all(csv, strlen(csv), piece);

		assert_string_equal(reading.text, rows);
	}
}

static void rows_have_the_line_they_begin_on(void **state)
{
	assert_reads("a,b\nc,d\n", "1:a|b\n2:c|d\n");
	assert_reads("a\r\n\r\nb\r\n", "1:a\n3:b\n");
	assert_reads("a\rb\rc", "1:a\n2:b\n3:c\n");
	assert_reads("\"x\ny\",1\nb,2", "1:x\ny|1\n3:b|2\n");
	assert_reads("\"x\r\n\r\ny\"\r\nb", "1:x\r\n\r\ny\n4:b\n");
}

static void quotes_and_byte_order_marks_are_taken_off(void **state)
{
	assert_reads("\xef\xbb\xbf\"a\"\"b\", c ,\"\"\n", "1:a\"b|c|\n");
	assert_reads("\xef\xbb", "1:\xef\xbb\n");
	assert_reads("\xef\xbb\xbf\xef\xbb\xbf"
	             "a\n",
	             "1:a\n");
	assert_reads("\n\na;\"b,\n;\";c\n1;2;3", "3:a|b,\n;|c\n5:1|2|3\n");
	assert_reads("a\t\"b\"\tc\n\t\t\n", "1:a|b|c\n2:||\n");
}

static void a_quote_that_stays_open_is_a_problem_of_its_row(void **state)
{
	assert_reads("a\nb,\"c", "1:a\n2!4\n");
	assert_reads("a\nb,\"c\n", "1:a\n2!4\n");
}

static void a_stray_quote_costs_the_line_that_it_is_in(void **state)
{
	assert_reads("a\nb,\"c\nd", "1:a\n2!4\n3:d\n");
	assert_reads("a,\"b,1\nc,d,2\ne,\"f\",3\n", "1!5\n2:c|d|2\n3:e|f|3\n");
	assert_reads("a,\"b\r\n\r\nc,d\r\ne,\"f\"\r\n", "1!5\n3:c|d\n4:e|f\n");
	assert_reads("a,\"b\rc,d\re,\"f\"\r", "1!5\n2:c|d\n3:e|f\n");
	assert_reads("a,\"b\nc,\"\"\nd,\"e\nf", "1!5\n2:c|\n3!4\n4:f\n");
	assert_reads("\"x\ny\",\"z\n1,\"2\"", "2!5\n3:1|2\n");
}

static void a_quote_that_harms_no_other_line_is_taken_as_it_is(void **state)
{
	assert_reads("a,12\" wide\nb,\"12\" wide\"\n", "1:a|12\" wide\n2:b|12\" wide\n");
	assert_reads("\"a\n\"\"b\"\" c\" ,d\n", "1:a\n\"b\" c|d\n");
}

/* Each line reads on to the stray quote at the end, if it may. */
static void reading_again_has_an_end(void **state)
{
	enum { LINES = 400, LINE = 700 };
	size_t at = 0, length = (size_t)LINES * (LINE + 8);
	char *csv = malloc(length + 64);
	struct arena *arena = arena_new(4 * 1024 * 1024, NULL, NULL);
	int64_t rows = 0;
	struct csv_reader *reader = csv_reader_new(arena, count_row, &rows);

	for (int i = 0; i < LINES; i++)
		at += (size_t)sprintf(csv + at, "%0*d,\"\"x\n", LINE, i);
	at += (size_t)sprintf(csv + at, "\"x\n");
	csv_reader_feed(reader, csv, at);
	csv_reader_end(reader);
	assert_true(rows > 60 && rows < LINES);
	arena_free(arena);
	free(csv);
}

static void a_value_that_is_too_long_costs_its_row_only(void **state)
{
	size_t length = CSV_FIELD_BYTES + 5000;
	char *csv = malloc(length + 64);
	struct reading reading;

	for (int quoted = 0; quoted < 2; quoted++) {
		size_t at = (size_t)sprintf(csv, "a,b\nc,%s", quoted ? "\"" : "");

		for (size_t i = 0; i < length; i++)
			csv[at++] = i % 7 == 3 ? ' ' : 'x';
		at += (size_t)sprintf(csv + at, "%s,e\nf,g\n", quoted ? "\"\"   \"" : "  ");
		reading = read_all(csv, at, 10000);
		assert_string_equal(reading.text, "1:a|b\n2!1\n3:f|g\n");
	}
	free(csv);
}

static void prices_are_read_as_people_write_them(void **state)
{
	int64_t amount = 7;

	assert_true(import_money("50", "USD", &amount) && amount == 5000);
	assert_true(import_money("9.9", "USD", &amount) && amount == 990);
	assert_true(import_money(".5", "USD", &amount) && amount == 50);
	assert_true(import_money("12.5000", "USD", &amount) && amount == 1250);
	assert_true(import_money("5000.00", "JPY", &amount) && amount == 5000);
	assert_true(import_money("7.", "USD", &amount) && amount == 700);
	amount = 7;
	for (size_t i = 0; i < 9; i++) {
		static const char *const BAD[] = {
		    "", "1,50", "-1", "1.234", "$5", "1e3", "1 000", ".", "99999999999999999999"};
		assert_false(import_money(BAD[i], "USD", &amount));
	}
	assert_int_equal(amount, 7);
}

static void numbers_and_words_are_read_or_refused(void **state)
{
	int64_t value;
	bool yes;

	assert_true(import_whole("-3", -5, 5, &value) && value == -3);
	assert_true(import_whole("4.0", -5, 5, &value) && value == 4);
	assert_false(import_whole("4.5", -5, 5, &value));
	assert_false(import_whole("6", -5, 5, &value));
	assert_false(import_whole("-", -5, 5, &value));
	assert_true(import_rounded("453.59", 1000, &value) && value == 454);
	assert_false(import_rounded("1001", 1000, &value));
	assert_false(import_rounded("9223372036854775807.5", 1000, &value));
	assert_true(import_bool("TRUE", &yes) && yes);
	assert_false(import_bool("maybe", &yes));
	assert_true(text_is_web_address("https://example.com/a.jpg"));
	assert_false(text_is_web_address("https://"));
	assert_false(text_is_web_address("javascript:alert(1)"));
}

static void numbers_have_a_point_however_they_are_written(void **state)
{
	static const struct {
		const char *text, *plain, *where_commas_are_decimal;
	} NUMBERS[] = {
	    {"12,5", "12.5", "12.5"},
	    {"1,234", "1234", "1.234"},
	    {"1.234,50", "1234.50", "1234.50"},
	    {"1,234.50", "1234.50", "1234.50"},
	    {"1'234.5", "1234.5", "1234.5"},
	    {"1 234 567,8", "1234567.8", "1234567.8"},
	    {"1,234,567", "1234567", "1234567"},
	    {"-0,25", "-0.25", "-0.25"},
	    {"12,50,3", NULL, NULL},
	    {"12,5o", NULL, NULL},
	    {",", ".", "."},
	};

	for (size_t i = 0; i < sizeof(NUMBERS) / sizeof(NUMBERS[0]); i++) {
		for (int decimal = 0; decimal < 2; decimal++) {
			const char *expected =
			    decimal ? NUMBERS[i].where_commas_are_decimal : NUMBERS[i].plain;
			char plain[IMPORT_DIGITS + 2];
			bool comma;

			assert_int_equal(import_plain(NUMBERS[i].text, decimal, plain, &comma),
			                 expected != NULL);
			if (expected != NULL)
				assert_string_equal(plain, expected);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(rows_have_the_line_they_begin_on),
	    cmocka_unit_test(quotes_and_byte_order_marks_are_taken_off),
	    cmocka_unit_test(a_quote_that_stays_open_is_a_problem_of_its_row),
	    cmocka_unit_test(a_stray_quote_costs_the_line_that_it_is_in),
	    cmocka_unit_test(a_quote_that_harms_no_other_line_is_taken_as_it_is),
	    cmocka_unit_test(reading_again_has_an_end),
	    cmocka_unit_test(a_value_that_is_too_long_costs_its_row_only),
	    cmocka_unit_test(prices_are_read_as_people_write_them),
	    cmocka_unit_test(numbers_and_words_are_read_or_refused),
	    cmocka_unit_test(numbers_have_a_point_however_they_are_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
