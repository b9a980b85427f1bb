#include "shop/catalog/import_columns.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/codec.h"
#include "shop/catalog/import_woo.h"

enum { SHOPIFY_NAMES = 2, WOOCOMMERCE_NAME = SHOPIFY_NAMES, NAMES_ALL };

static const char *const NAMES[COLUMN_COUNT][NAMES_ALL] = {
#define X(constant, name, newer_name, woo_name) [constant] = {name, newer_name, woo_name},
    IMPORT_COLUMNS(X)
#undef X
};

_Static_assert(CSV_COLUMNS < INT16_MAX, "positions are 16 bits wide");

/* The columns required to create a product. */
static const enum import_column REQUIRED[] = {COLUMN_HANDLE, COLUMN_TITLE, COLUMN_PRICE};

static void remark(struct import_report *report, struct import_remark *ret,
                   const struct import_header *header, int64_t line, enum import_column column,
                   const char *format, va_list arguments)
{
	char reason[IMPORT_REASON_BYTES];

	assert(line > 0);
	assert(column == COLUMN_NONE || (header != NULL && column < COLUMN_COUNT));
	vsnprintf(reason, sizeof(reason), format, arguments);
	/* Truncate at a character boundary. */
	for (size_t length = strlen(reason); !utf8_is_valid(reason, length); length--)
		reason[length - 1] = 0;
	ret->line = line;
	ret->column = column == COLUMN_NONE ? NULL : header->name[column];
	ret->reason = arena_strdup(report->arena, reason);
}

struct import_line *import_line_of(const struct import_report *report, int64_t line)
{
	const struct import_lines *lines = report->lines;
	size_t low = 0, high = lines == NULL ? 0 : lines->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (lines->lines[middle].line < line)
			low = middle + 1;
		else
			high = middle;
	}
	return lines == NULL || low == lines->count || lines->lines[low].line != line
	           ? NULL
	           : &lines->lines[low];
}

void import_refuse(struct import_report *report, const struct import_header *header, int64_t line,
                   enum import_column column, const char *format, ...)
{
	va_list arguments;

	struct import_line *at = import_line_of(report, line);

	if (at != NULL)
		at->refused = true;
	report->errors_total++;
	if (report->errors_kept == IMPORT_REMARKS_KEPT)
		return;
	va_start(arguments, format);
	remark(report, &report->errors[report->errors_kept++], header, line, column, format,
	       arguments);
	va_end(arguments);
}

void import_warn(struct import_report *report, const struct import_header *header, int64_t line,
                 enum import_column column, const char *format, ...)
{
	va_list arguments;

	struct import_line *at = import_line_of(report, line);

	if (at != NULL)
		at->warned = true;
	report->warnings_total++;
	if (report->warnings_kept == IMPORT_REMARKS_KEPT)
		return;
	va_start(arguments, format);
	remark(report, &report->warnings[report->warnings_kept++], header, line, column, format,
	       arguments);
	va_end(arguments);
}

static const char *problem_text(enum csv_problem problem)
{
	switch (problem) {
	case CSV_FIELD_TOO_LONG:
		return "A value is longer than 256 KB; a closing quote may be missing";
	case CSV_ROW_TOO_LONG:
		return "The row is longer than 512 KB; a closing quote may be missing";
	case CSV_TOO_MANY_FIELDS:
		return "The row has more than 512 values; a closing quote may be missing";
	case CSV_QUOTE_OPEN:
		return "The quoted value is not closed";
	case CSV_QUOTE_STRAY:
		return "A quote inside the value is not doubled; the closing quote "
		       "may be missing";
	case CSV_FINE:
		break;
	}
	assert(!"a row without a problem");
	return "";
}

static bool has_field(const struct csv_row *row, const char *name)
{
	for (size_t i = 0; i < row->count; i++) {
		if (strcasecmp(row->fields[i].text, name) == 0)
			return true;
	}
	return false;
}

static enum import_dialect dialect_of(const struct csv_row *row)
{
	bool woo = (has_field(row, "SKU") || has_field(row, "Type")) &&
	           (has_field(row, "Name") || has_field(row, "Regular price") ||
	            has_field(row, "In stock?"));
	bool shopify = has_field(row, "Title") || has_field(row, "URL handle") ||
	               has_field(row, "Variant SKU") || has_field(row, "Variant Price");

	return woo && !shopify ? IMPORT_WOOCOMMERCE : IMPORT_SHOPIFY;
}

enum import_column import_find_column(enum import_dialect dialect, const char *text,
                                      const char **ret_name)
{
	int first = dialect == IMPORT_SHOPIFY ? 0 : WOOCOMMERCE_NAME;
	int end = dialect == IMPORT_SHOPIFY ? SHOPIFY_NAMES : NAMES_ALL;

	for (int column = 0; column < COLUMN_COUNT; column++) {
		for (int i = first; i < end; i++) {
			if (NAMES[column][i] == NULL || strcasecmp(text, NAMES[column][i]) != 0)
				continue;
			*ret_name = NAMES[column][i];
			return (enum import_column)column;
		}
	}
	return dialect == IMPORT_SHOPIFY ? COLUMN_NONE : import_woo_column(text, ret_name);
}

/* A hint why columns are missing: another encoding or delimiter; "" for none. */
static const char *foreign_text(const struct csv_row *row)
{
	const char *first = row->count > 0 ? row->fields[0].text : "";

	for (size_t i = 0; i < row->count; i++) {
		const struct csv_field *field = &row->fields[i];

		if (!utf8_is_valid(field->text, field->length) ||
		    strlen(field->text) != field->length)
			return "; it is not UTF-8 text";
	}
	if (strpbrk(first, "|:") != NULL && row->count == 1)
		return "; they must be separated by commas, semicolons or tabs";
	return "";
}

static bool has_required(const struct import_header *header, const struct csv_row *row,
                         struct import_report *report)
{
	char missing[200] = "";
	size_t length = 0, known = 0;

	for (int column = 0; column < COLUMN_COUNT; column++)
		known += header->field[column] >= 0;
	/* A file without all columns only updates those that it has. */
	if (header->dialect == IMPORT_WOOCOMMERCE)
		return true;
	if (header->field[COLUMN_HANDLE] >= 0 && known > 1)
		return true;
	for (size_t i = 0; i < sizeof(REQUIRED) / sizeof(REQUIRED[0]); i++) {
		if (header->field[REQUIRED[i]] >= 0)
			continue;
		length += (size_t)snprintf(missing + length, sizeof(missing) - length, "%s%s",
		                           length > 0 ? ", " : "", NAMES[REQUIRED[i]][0]);
	}
	assert(length < sizeof(missing));
	import_refuse(report, NULL, row->line, COLUMN_NONE,
	              "The first line must name the columns of a Shopify or WooCommerce product "
	              "CSV; missing: %s%s",
	              missing, foreign_text(row));
	return false;
}

bool import_header_read(struct import_header *header, const struct csv_row *row,
                        struct import_report *report)
{
	*header = (struct import_header){.fields = row->count, .dialect = dialect_of(row)};
	assert(row->count <= CSV_COLUMNS);
	report->dialect = header->dialect;
	for (int column = 0; column < COLUMN_COUNT; column++) {
		header->field[column] = -1;
		header->name[column] = NAMES[column][0];
	}
	if (row->problem != CSV_FINE) {
		import_refuse(report, NULL, row->line, COLUMN_NONE, "%s",
		              problem_text(row->problem));
		return false;
	}
	for (size_t i = 0; i < row->count; i++) {
		const char *name;
		enum import_column column =
		    import_find_column(header->dialect, row->fields[i].text, &name);

		if (column == COLUMN_NONE) {
			import_extra_read(header, i, &row->fields[i], report->arena);
			continue;
		}
		if (header->field[column] >= 0) {
			import_refuse(report, header, row->line, column, "The column is repeated");
			return false;
		}
		header->field[column] = (int16_t)i;
		header->name[column] = name;
	}
	if (header->dialect == IMPORT_WOOCOMMERCE)
		import_woo_header(header, row, report->arena);
	return has_required(header, row, report);
}

/* The field trimmed in place, as the API trims its texts. */
static const char *trimmed(const struct csv_field *field)
{
	size_t length = field->length;
	const char *text = utf8_trim(field->text, &length);

	assert((size_t)(text - field->text) + length <= field->length);
	field->text[(size_t)(text - field->text) + length] = 0;
	return text;
}

/* More values than columns, and not only empty ones: the quoting is broken. */
static bool has_surplus(const struct import_header *header, const struct csv_row *row)
{
	for (size_t i = header->fields; i < row->count; i++) {
		if (row->fields[i].length > 0)
			return true;
	}
	return false;
}

/* True when a known column has text. */
static bool read_values(const struct csv_row *row, struct import_row *ret,
                        enum import_column *ret_bad)
{
	bool some = false;

	for (int column = 0; column < COLUMN_COUNT; column++) {
		int field = ret->header->field[column];

		if (field < 0)
			continue;
		ret->values[column] = "";
		if ((size_t)field >= row->count)
			continue;
		if (!utf8_is_valid(row->fields[field].text, row->fields[field].length)) {
			*ret_bad = (enum import_column)column;
			return true;
		}
		/* A description keeps its trailing blanks. */
		ret->values[column] =
		    column == COLUMN_BODY ? row->fields[field].text : trimmed(&row->fields[field]);
		some |= ret->values[column][0] != 0;
	}
	return some;
}

static enum import_column column_of(const struct import_header *header, size_t field)
{
	for (int column = 0; column < COLUMN_COUNT; column++) {
		if (header->field[column] == (int)field)
			return (enum import_column)column;
	}
	return COLUMN_NONE;
}

bool import_row_read(const struct import_header *header, const struct csv_row *row,
                     struct import_report *report, struct import_row *ret)
{
	enum import_column bad = COLUMN_NONE;

	assert(report->rows >= report->refused);
	*ret = (struct import_row){.line = row->line, .header = header, .csv = row};
	if (row->problem != CSV_FINE) {
		report->rows++;
		report->refused++;
		import_refuse(report, header, row->line, column_of(header, row->problem_field),
		              "%s", problem_text(row->problem));
		return false;
	}
	if (!read_values(row, ret, &bad))
		return false;
	report->rows++;
	if (bad != COLUMN_NONE)
		import_refuse(report, header, row->line, bad, "The value is not valid UTF-8");
	else if (has_surplus(header, row))
		import_refuse(report, NULL, row->line, COLUMN_NONE,
		              "The row has %zu values, but the header has %zu columns", row->count,
		              header->fields);
	else if (header->dialect == IMPORT_SHOPIFY && ret->values[COLUMN_HANDLE][0] == 0)
		import_refuse(report, header, row->line, COLUMN_HANDLE, "The handle is missing");
	else
		return true;
	report->refused++;
	return false;
}
