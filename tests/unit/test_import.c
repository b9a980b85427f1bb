#include "unit.h"

#include "shop/catalog/import_csv.h"
#include "shop/catalog/import_product.h"
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

/* Products -------------------------------------------------------------------------------------*/

struct assembly {
	struct arena *arena;
	struct import_report *report;
	struct import_header header;
	struct import_batch batch;
	bool has_header, refused;
};

static void assemble_row(void *arg, const struct csv_row *csv)
{
	struct assembly *assembly = arg;
	struct import_row row;

	if (!assembly->has_header) {
		assembly->has_header = true;
		assembly->refused = !import_header_read(&assembly->header, csv, assembly->report);
	} else if (!assembly->refused &&
	           import_row_read(&assembly->header, csv, assembly->report, &row)) {
		import_batch_add(&assembly->batch, &row);
	}
}

static struct assembly *assemble(const char *csv)
{
	struct arena *arena = arena_new(16 * 1024 * 1024, NULL, NULL);
	struct assembly *assembly = arena_alloc(arena, sizeof(*assembly));
	struct csv_reader *reader = csv_reader_new(arena, assemble_row, assembly);

	assembly->arena = arena;
	assembly->report = arena_alloc(arena, sizeof(*assembly->report));
	assembly->report->arena = arena;
	assembly->batch = (struct import_batch){.arena = arena,
	                                        .work = arena,
	                                        .currency = "USD",
	                                        .header = &assembly->header,
	                                        .report = assembly->report,
	                                        .seen = import_seen_new(arena, NULL, NULL)};
	csv_reader_feed(reader, csv, strlen(csv));
	csv_reader_end(reader);
	return assembly;
}

static void a_product_is_the_rows_of_its_handle(void **state)
{
	struct assembly *assembly = assemble("Variant Price,handle,TITLE,Unknown,Option1 "
	                                     "Name,Option1 Value,Image Src,Image Position\n"
	                                     "1.00,a,A,?,Size,S,https://x.org/2,2\n"
	                                     "5.00,b,B,,Title,Default Title,,\n"
	                                     "2.00,a,,,,M,https://x.org/1,1\n"
	                                     ",a,,,,,https://x.org/3,3\n");
	const struct import_product *a = assembly->batch.products[0];

	assert_int_equal(assembly->report->errors_total, 0);
	assert_int_equal(assembly->batch.count, 2);
	assert_int_equal(a->variant_count, 2);
	assert_int_equal(a->variants[1].price, 200);
	assert_int_equal(a->option_count, 1);
	assert_int_equal(a->image_count, 3);
	assert_string_equal(a->images[0].url, "https://x.org/1");
	assert_int_equal(assembly->batch.products[1]->option_count, 0);
	assert_string_equal(assembly->batch.products[1]->variants[0].options[0], "");
	arena_free(assembly->arena);
}

static void the_newer_names_of_columns_are_known(void **state)
{
	struct assembly *assembly =
	    assemble("Title,URL handle,Price,SKU,Continue selling when out of "
	             "stock,Inventory quantity\n"
	             "A,a,3,S1,TRUE,-2\n");
	const struct import_variant *variant = &assembly->batch.products[0]->variants[0];

	assert_int_equal(assembly->report->errors_total, 0);
	assert_string_equal(variant->sku, "S1");
	assert_int_equal(variant->backorder, 1);
	assert_int_equal(variant->quantity, -2);
	arena_free(assembly->arena);
}

static void assert_remarks(size_t count, const struct import_remark remarks[],
                           const struct import_remark expected[])
{
	for (size_t i = 0; i < count; i++) {
		assert_int_equal(remarks[i].line, expected[i].line);
		if (expected[i].column == NULL)
			assert_null(remarks[i].column);
		else
			assert_string_equal(remarks[i].column, expected[i].column);
	}
}

static void what_is_wrong_is_named_by_line_and_column(void **state)
{
	struct assembly *assembly = assemble("Handle,Title,Variant Price,Status,Image Src\n"
	                                     "a,A,x,,\n"
	                                     "b,B,1,maybe,\n"
	                                     "c,C,1,,nowhere\n"
	                                     "d d,D,1,,\n"
	                                     ",,,,\n"
	                                     "e,E,1,,,,too much\n");
	static const struct import_remark ERRORS[] = {{5, "Handle", ""}, {7, NULL, ""}};
	static const struct import_remark WARNINGS[] = {{3, "Status", ""}, {4, "Image Src", ""}};
	const struct import_report *report = assembly->report;

	assert_int_equal(report->errors_total, 2);
	assert_remarks(2, report->errors, ERRORS);
	assert_int_equal(report->warnings_total, 2);
	assert_remarks(2, report->warnings, WARNINGS);
	assert_int_equal(report->rows, 5);
	assert_string_equal(assembly->batch.products[0]->variants[0].bad_price, "x");
	arena_free(assembly->arena);
}

static void missing_columns_are_one_error(void **state)
{
	struct assembly *assembly = assemble("Handle,Price tag\na,1\n");

	assert_int_equal(assembly->report->errors_total, 1);
	assert_non_null(strstr(assembly->report->errors[0].reason, "Title, Variant Price"));
	arena_free(assembly->arena);
}

static void variants_that_are_the_same_are_refused(void **state)
{
	struct assembly *assembly = assemble("Handle,Title,Variant Price,Variant SKU,Option1 Name,"
	                                     "Option1 Value\n"
	                                     "a,A,1,S1,Size,S\n"
	                                     "A,,1,S2,,S\n"
	                                     "a,,1,S1,,M\n"
	                                     "a,,1,S4,,\n");
	struct import_product *product = assembly->batch.products[0];

	import_check_options(&assembly->batch, product);
	import_check_skus(&assembly->batch);
	assert_int_equal(assembly->batch.count, 1);
	assert_int_equal(assembly->report->errors_total, 2);
	assert_int_equal(assembly->report->errors[0].line, 3);
	assert_int_equal(assembly->report->errors[1].line, 5);
	assert_int_equal(assembly->report->warnings_total, 1);
	assert_int_equal(assembly->report->warnings[0].line, 4);
	arena_free(assembly->arena);
}

static void cells_are_taken_as_they_are_meant(void **state)
{
	struct assembly *assembly = assemble(
	    "\xef\xbb\xbf\xef\xbb\xbfHandle,Title,Variant Price,Variant SKU,Variant Grams,Status,"
	    "Published,Option1 Name,Option1 Value,Variant Inventory Qty\n"
	    "a,A\vB,'5,'0012,453.6,Unlisted,,Size,E\u0301\u00a0x,3.7\n"
	    "b,B,5,,,,FALSCH,,,\n"
	    "c,C,5,,,,vielleicht,,,\n");
	const struct import_product *a = assembly->batch.products[0];
	const struct import_variant *variant = &a->variants[0];

	assert_int_equal(assembly->report->errors_total, 0);
	assert_string_equal(a->title, "A B");
	assert_string_equal(a->status, "draft");
	assert_int_equal(variant->price, 500);
	assert_string_equal(variant->sku, "0012");
	assert_int_equal(variant->grams, 454);
	assert_string_equal(variant->options[0], "\u00c9 x");
	assert_int_equal(variant->quantity, 3);
	assert_string_equal(assembly->batch.products[1]->status, "draft");
	assert_string_equal(assembly->batch.products[2]->status, "active");
	assert_int_equal(assembly->report->warnings_total, 10);
	arena_free(assembly->arena);
}

static void more_errors_than_fit_are_counted(void **state)
{
	static char csv[64 * 1024] = "Handle,Title,Variant Price\n";
	size_t length = strlen(csv);

	for (int i = 0; i < 1600; i++)
		length += (size_t)sprintf(csv + length, "h%d,T,1\n", i % 100);

	struct assembly *assembly = assemble(csv);

	assert_int_equal(assembly->report->errors_total, 1500);
	assert_int_equal(assembly->report->errors_kept, IMPORT_REMARKS_KEPT);
	arena_free(assembly->arena);
}

static void what_was_seen_is_known_however_much_there_is(void **state)
{
	struct arena *arena = arena_new(1024 * 1024, NULL, NULL);
	struct import_seen *seen = import_seen_new(arena, NULL, NULL);

	for (uint64_t key = 0; key < 50000; key++)
		assert_int_equal(import_seen_at(seen, key << 20, (int64_t)key + 1)->line, key + 1);
	for (uint64_t key = 0; key < 50000; key++)
		assert_int_equal(import_seen_at(seen, key << 20, 7)->line, key + 1);
	arena_free(arena);
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
	    cmocka_unit_test(a_product_is_the_rows_of_its_handle),
	    cmocka_unit_test(the_newer_names_of_columns_are_known),
	    cmocka_unit_test(what_is_wrong_is_named_by_line_and_column),
	    cmocka_unit_test(missing_columns_are_one_error),
	    cmocka_unit_test(variants_that_are_the_same_are_refused),
	    cmocka_unit_test(numbers_have_a_point_however_they_are_written),
	    cmocka_unit_test(cells_are_taken_as_they_are_meant),
	    cmocka_unit_test(more_errors_than_fit_are_counted),
	    cmocka_unit_test(what_was_seen_is_known_however_much_there_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
