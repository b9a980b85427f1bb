#include "unit.h"

#include "shop/catalog/import_product.h"

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
	    cmocka_unit_test(a_product_is_the_rows_of_its_handle),
	    cmocka_unit_test(the_newer_names_of_columns_are_known),
	    cmocka_unit_test(what_is_wrong_is_named_by_line_and_column),
	    cmocka_unit_test(missing_columns_are_one_error),
	    cmocka_unit_test(variants_that_are_the_same_are_refused),
	    cmocka_unit_test(cells_are_taken_as_they_are_meant),
	    cmocka_unit_test(more_errors_than_fit_are_counted),
	    cmocka_unit_test(what_was_seen_is_known_however_much_there_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
