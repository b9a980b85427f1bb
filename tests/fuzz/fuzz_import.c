/*
 * Any bytes as a product CSV, read in pieces whose size is the first byte: the reader keeps its
 * bounds, the products keep theirs, and every complaint names a line that the file has.
 */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "base/codec.h"
#include "base/limits.h"
#include "shop/catalog/import_product.h"
#include "shop/catalog/import_woo.h"

struct assembly {
	struct import_report *report;
	struct import_header header;
	struct import_woo *woo;
	struct import_batch batch;
	bool has_header, refused;
};

static void check(bool good)
{
	if (!good)
		abort();
}

static void add_rows(void *arg, const struct import_row rows[], size_t count)
{
	struct assembly *assembly = arg;

	for (size_t i = 0; i < count; i++) {
		if (!import_batch_is_full(&assembly->batch, &rows[i]))
			import_batch_add(&assembly->batch, &rows[i]);
	}
}

static void take_row(void *arg, const struct csv_row *csv)
{
	struct assembly *assembly = arg;
	struct import_row row;

	for (size_t i = 0; i < csv->count; i++)
		check(csv->fields[i].text[csv->fields[i].length] == 0 &&
		      csv->fields[i].length <= CSV_FIELD_BYTES);
	if (!assembly->has_header) {
		assembly->has_header = true;
		assembly->refused = !import_header_read(&assembly->header, csv, assembly->report);
	} else if (!assembly->refused &&
	           import_row_read(&assembly->header, csv, assembly->report, &row)) {
		if (assembly->header.dialect == IMPORT_SHOPIFY)
			add_rows(assembly, &row, 1);
		else
			import_woo_row(assembly->woo, &row);
	}
}

static void check_product(struct import_batch *batch, struct import_product *product)
{
	if (product->refused)
		return;
	check(product->variant_count <= LIMIT_PRODUCT_VARIANTS &&
	      product->image_count <= LIMIT_PRODUCT_IMAGES);
	check(product->option_count <= IMPORT_OPTIONS);
	check(utf8_is_valid(product->handle, strlen(product->handle)));
	if (product->option_count < 0)
		product->option_count = 0;
	import_check_options(batch, product);
	for (size_t i = 0; i < product->variant_count; i++)
		check(product->variants[i].price <= IMPORT_PRICE_MAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new(64 * 1024 * 1024, NULL, NULL);
	struct assembly *assembly = arena_alloc(arena, sizeof(*assembly));
	struct csv_reader *reader = csv_reader_new(arena, take_row, assembly);
	size_t piece = size > 0 ? (size_t)data[0] + 1 : 1, lines = 1;

	assembly->report = arena_alloc(arena, sizeof(*assembly->report));
	assembly->report->arena = arena;
	assembly->batch = (struct import_batch){.arena = arena,
	                                        .work = arena,
	                                        .currency = "USD",
	                                        .header = &assembly->header,
	                                        .seen = import_seen_new(arena, NULL, NULL),
	                                        .report = assembly->report};
	assembly->woo = import_woo_new(arena, NULL, NULL, &assembly->header, assembly->report,
	                               add_rows, assembly);
	for (size_t at = 1; at < size; at += piece)
		csv_reader_feed(reader, (const char *)data + at,
		                size - at < piece ? size - at : piece);
	csv_reader_end(reader);
	import_woo_end(assembly->woo);
	for (size_t i = 1; i < size; i++)
		lines += data[i] == '\n' || data[i] == '\r';
	for (size_t i = 0; i < assembly->batch.count; i++)
		check_product(&assembly->batch, assembly->batch.products[i]);
	import_check_skus(&assembly->batch);
	for (size_t i = 0; i < assembly->report->errors_kept; i++)
		check(assembly->report->errors[i].line >= 1 &&
		      (size_t)assembly->report->errors[i].line <= lines);
	arena_free(arena);
	return 0;
}
