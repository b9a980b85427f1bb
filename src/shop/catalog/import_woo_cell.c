/*
 * import_woo_cell: interprets single cells of a WooCommerce product CSV.
 */
#include "shop/catalog/import_woo_cell.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "base/codec.h"
#include "base/unicode.h"
#include "shop/catalog/extra.h"
#include "shop/catalog/import_value.h"
#include "shop/catalog/woo.h"

enum { SLUG_BYTES = 200 };

const char *woo_value(const struct import_row *row, enum import_column column)
{
	assert(column >= 0 && column < COLUMN_COUNT);
	return row->values[column] == NULL ? "" : row->values[column];
}

__attribute__((format(printf, 4, 5))) void woo_warn(const struct woo_cells *cells,
                                                    struct import_row *row,
                                                    enum import_column column, const char *format,
                                                    ...)
{
	char reason[IMPORT_REASON_BYTES];
	va_list arguments;

	assert(row->warning_count <= IMPORT_ROW_WARNINGS);
	if (row->warning_count == IMPORT_ROW_WARNINGS)
		return;
	va_start(arguments, format);
	vsnprintf(reason, sizeof(reason), format, arguments);
	va_end(arguments);
	row->warnings[row->warning_count++] = (struct import_row_warning){
	    .column = column,
	    .reason = arena_strdup(cells->arena, reason),
	};
}

/* The price is the current one; the regular price is stored as the one compared with. */
void woo_convert_price(const struct woo_cells *cells, struct import_row *row)
{
	const char *sale = woo_value(row, COLUMN_COMPARE_AT);
	const char *starts = woo_value(row, COLUMN_SALE_STARTS),
	           *ends = woo_value(row, COLUMN_SALE_ENDS);
	size_t day = strlen(cells->today);

	assert(day == sizeof(cells->today) - 1);
	if (*sale == 0)
		return;
	if ((*starts != 0 && strncmp(starts, cells->today, day) > 0) ||
	    (*ends != 0 && strncmp(ends, cells->today, day) < 0)) {
		woo_warn(cells, row, COLUMN_COMPARE_AT,
		         "The sale is not active today and was ignored");
		row->values[COLUMN_COMPARE_AT] = "";
		return;
	}
	if (*ends != 0)
		woo_warn(cells, row, COLUMN_COMPARE_AT,
		         "The sale price stays in effect after the end of the sale");
	row->values[COLUMN_COMPARE_AT] = row->values[COLUMN_PRICE];
	row->values[COLUMN_PRICE] = sale;
}

bool woo_says_no(const char *text)
{
	bool said = true;

	return import_bool(text, &said) && !said;
}

void woo_convert_stock(struct import_row *row)
{
	const char *in_stock = woo_value(row, COLUMN_IN_STOCK);

	if (*woo_value(row, COLUMN_QUANTITY) != 0) {
		row->values[COLUMN_TRACKER] = EXTRA_TRACKER.usual;
	} else if (woo_says_no(in_stock)) {
		row->values[COLUMN_TRACKER] = EXTRA_TRACKER.usual;
		row->values[COLUMN_QUANTITY] = "0";
	} else if (row->values[COLUMN_QUANTITY] != NULL || *in_stock != 0) {
		row->values[COLUMN_TRACKER] = "";
	}
	if (strcasecmp(woo_value(row, COLUMN_POLICY), "notify") == 0)
		row->values[COLUMN_POLICY] = "continue";
}

void woo_convert_weight(const struct woo_cells *cells, struct import_row *row)
{
	const char *weight = woo_value(row, COLUMN_GRAMS);
	char plain[IMPORT_DIGITS + 2];
	bool comma;

	if (*weight == 0 || !import_plain(weight, cells->report->separator != ',', plain, &comma))
		return;
	cells->report->decimal_comma |= comma;
	assert(cells->header->grams > 0); /* the file has the column */
	double grams = strtod(plain, NULL) * cells->header->grams;
	/* Pounds are not whole grams. */
	bool metric = cells->header->grams == 1 || cells->header->grams == 1000;

	row->values[COLUMN_GRAMS] = arena_printf(cells->arena, "%.*f", metric ? 3 : 0, grams);
}

static size_t depth_of(const char *path)
{
	size_t depth = 1;

	for (; *path != 0; path++)
		depth += *path == '>';
	return depth;
}

/* The first of the deepest categories is the type; the others stay in the cell, which is stored. */
static void convert_categories(const struct woo_cells *cells, struct import_row *row)
{
	int field = cells->header->field[COLUMN_TYPE];
	const char *list = row->values[COLUMN_TYPE], *path, *best = "";
	struct buf rest = buf_new(cells->arena, 64);
	size_t others = 0;

	if (list == NULL || (size_t)field >= row->csv->count)
		return;
	assert(field >= 0);
	while ((path = woo_item(cells->arena, &list)) != NULL) {
		if (*path == 0)
			continue;
		if (*best == 0 || depth_of(path) > depth_of(best)) {
			const char *before = best;

			best = path;
			path = before;
		}
		if (*path != 0)
			woo_add_item(&rest, others++, path);
	}
	row->values[COLUMN_TYPE] = best;
	row->csv->fields[field] = (struct csv_field){rest.data, rest.length};
}

void woo_convert_description(const struct woo_cells *cells, struct import_row *row)
{
	const char *published = woo_value(row, COLUMN_PUBLISHED);

	if (row->values[COLUMN_BODY] != NULL)
		row->values[COLUMN_BODY] = woo_description(cells->arena, row->values[COLUMN_BODY]);
	if (strcmp(published, "-1") == 0)
		row->values[COLUMN_PUBLISHED] = "0";
	convert_categories(cells, row);
}

/* Replaces characters that a handle must not have by hyphens. */
static const char *handle_from(const struct woo_cells *cells, const char *text)
{
	char *handle = arena_strdup(cells->arena, unicode_lower(cells->arena, text));

	for (char *c = handle; *c != 0; c++) {
		if ((unsigned char)*c <= ' ' || *c == 0x7f || strchr("/?#", *c) != NULL)
			*c = '-';
	}
	return handle;
}

const char *woo_handle(const struct woo_cells *cells, const struct import_row *row)
{
	const char *name = woo_value(row, COLUMN_TITLE), *id = woo_value(row, COLUMN_ID);
	char slug[SLUG_BYTES];

	if (*woo_value(row, COLUMN_HANDLE) != 0)
		return row->values[COLUMN_HANDLE];
	if (*woo_value(row, COLUMN_SKU) != 0)
		return handle_from(cells, row->values[COLUMN_SKU]);
	if (*name == 0)
		return NULL;
	slug_from(name, slug, sizeof(slug));
	if (slug[0] != 0)
		name = slug;
	return handle_from(cells, *id == 0 ? name : arena_printf(cells->arena, "%s-%s", name, id));
}
