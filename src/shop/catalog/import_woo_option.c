/*
 * import_woo_option: the attributes of a WooCommerce product CSV that are options of variations.
 */
#include <assert.h>
#include <string.h>
#include <strings.h>

#include "base/codec.h"
#include "shop/catalog/import_woo_parent.h"
#include "shop/catalog/woo.h"

_Static_assert(IMPORT_OPTIONS == 3, "the columns below");

static const enum import_column OPTION_NAMES[] = {COLUMN_OPTION1_NAME, COLUMN_OPTION2_NAME,
                                                  COLUMN_OPTION3_NAME};
static const enum import_column OPTION_VALUES[] = {COLUMN_OPTION1_VALUE, COLUMN_OPTION2_VALUE,
                                                   COLUMN_OPTION3_VALUE};

/* The field of an attribute; NULL: not in the row. */
static struct csv_field *field_of(const struct import_row *row, size_t attribute,
                                  enum import_attribute_column column)
{
	size_t field = (size_t)row->header->attributes[attribute].field[column];

	return field == 0 || field > row->csv->count ? NULL : &row->csv->fields[field - 1];
}

static const char *cell(const struct import_row *row, size_t attribute,
                        enum import_attribute_column column)
{
	const struct csv_field *field = field_of(row, attribute, column);

	return field == NULL ? "" : field->text;
}

static bool is_utf8(const struct import_row *row, size_t attribute)
{
	const char *name = cell(row, attribute, ATTRIBUTE_NAME);
	const char *values = cell(row, attribute, ATTRIBUTE_VALUES);

	return utf8_is_valid(name, strlen(name)) && utf8_is_valid(values, strlen(values));
}

/* -1: the product has no such option. */
static int find_option(const struct woo_parent *parent, const char *name)
{
	for (size_t i = 0; i < parent->name_count; i++) {
		if (strcasecmp(parent->names[i], name) == 0)
			return (int)i;
	}
	return -1;
}

/* The same; the first variation adds missing options. */
static int option_of(struct woo_parent *parent, const char *name)
{
	int option = find_option(parent, name);

	assert(parent->name_count <= IMPORT_OPTIONS);
	if (option >= 0 || parent->arena == NULL || parent->name_count == IMPORT_OPTIONS)
		return option;
	parent->names[parent->name_count] = arena_strdup(parent->lasting, name);
	return (int)parent->name_count++;
}

/* Removes an attribute that is an option from the extra columns. */
static void drop_attribute(const struct import_row *row, size_t attribute)
{
	for (int column = 0; column < ATTRIBUTE_COLUMNS; column++) {
		struct csv_field *field =
		    field_of(row, attribute, (enum import_attribute_column)column);

		if (field == NULL)
			continue;
		field->text += field->length; /* make it empty */
		field->length = 0;
	}
}

static void read_option(const struct woo_cells *cells, struct import_row *row,
                        struct woo_parent *parent, size_t attribute)
{
	const char *name = cell(row, attribute, ATTRIBUTE_NAME);
	const char *values = cell(row, attribute, ATTRIBUTE_VALUES);

	if (*name == 0 || !is_utf8(row, attribute))
		return;
	int option = option_of(parent, name);

	if (option < 0) {
		woo_warn(cells, row, COLUMN_OPTION3_NAME,
		         "\"%.60s\" was kept but is not an option: the product has other options",
		         name);
		return;
	}
	row->values[OPTION_VALUES[option]] = woo_item(cells->arena, &values);
	drop_attribute(row, attribute);
}

void woo_read_options(const struct woo_cells *cells, struct import_row *row,
                      struct woo_parent *parent)
{
	for (size_t i = 0; i < IMPORT_ATTRIBUTES; i++)
		read_option(cells, row, parent, i);
	for (size_t i = 0; i < parent->name_count; i++) {
		if (*woo_value(row, OPTION_VALUES[i]) != 0)
			continue;
		row->values[OPTION_VALUES[i]] = WOO_ANY;
		woo_warn(cells, row, OPTION_VALUES[i],
		         "The variation has no value for \"%.60s\"; \"%s\" was used",
		         parent->names[i], WOO_ANY);
	}
}

void woo_name_options(struct woo_parent *parent)
{
	assert(parent->arena != NULL); /* it is held */
	for (size_t i = 0; i < IMPORT_ATTRIBUTES; i++) {
		const char *name = cell(parent->row, i, ATTRIBUTE_NAME);

		if (find_option(parent, name) >= 0)
			drop_attribute(parent->row, i);
	}
	for (size_t i = 0; i < parent->name_count; i++)
		parent->row->values[OPTION_NAMES[i]] = parent->names[i];
}
