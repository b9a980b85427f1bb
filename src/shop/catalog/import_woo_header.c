/*
 * import_woo_header: reads the header of a WooCommerce product CSV.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "shop/catalog/import_woo.h"

static const struct {
	const char *name;
	double grams;
} WEIGHTS[] = {
    {"Weight (kg)", 1000},
    {"Weight (g)", 1},
    {"Weight (lbs)", 453.59237},
    {"Weight (oz)", 28.349523125},
};

enum { WEIGHTS_ALL = sizeof(WEIGHTS) / sizeof(WEIGHTS[0]) };

enum import_column import_woo_column(const char *text, const char **ret_name)
{
	for (size_t i = 0; i < WEIGHTS_ALL; i++) {
		if (strcasecmp(text, WEIGHTS[i].name) == 0) {
			*ret_name = WEIGHTS[i].name;
			return COLUMN_GRAMS;
		}
	}
	return COLUMN_NONE;
}

static void read_attribute(struct import_header *header, size_t field, const char *name)
{
	static const char PREFIX[] = "Attribute ";
	static const char *const COLUMNS[ATTRIBUTE_COLUMNS] = {
	    [ATTRIBUTE_NAME] = " name",       [ATTRIBUTE_VALUES] = " value(s)",
	    [ATTRIBUTE_VISIBLE] = " visible", [ATTRIBUTE_GLOBAL] = " global",
	    [ATTRIBUTE_DEFAULT] = " default",
	};
	char *end;

	assert(field < CSV_COLUMNS);
	if (strncasecmp(name, PREFIX, sizeof(PREFIX) - 1) != 0)
		return;
	unsigned long number = strtoul(name + sizeof(PREFIX) - 1, &end, 10);

	if (number < 1 || number > IMPORT_ATTRIBUTES)
		return;
	for (int i = 0; i < ATTRIBUTE_COLUMNS; i++) {
		if (strcasecmp(end, COLUMNS[i]) == 0)
			header->attributes[number - 1].field[i] = (int16_t)(field + 1);
	}
}

/* Problems of an option are reported with an attribute's column name. */
static void name_options(struct import_header *header)
{
	header->name[COLUMN_OPTION1_NAME] = "Attribute 1 name";
	header->name[COLUMN_OPTION1_VALUE] = "Attribute 1 value(s)";
	header->name[COLUMN_OPTION2_NAME] = "Attribute 2 name";
	header->name[COLUMN_OPTION2_VALUE] = "Attribute 2 value(s)";
	header->name[COLUMN_OPTION3_NAME] = "Attribute 3 name";
	header->name[COLUMN_OPTION3_VALUE] = "Attribute 3 value(s)";
	if (header->field[COLUMN_VARIANT_IMAGE] < 0)
		header->name[COLUMN_VARIANT_IMAGE] = header->name[COLUMN_IMAGE];
}

void import_woo_header(struct import_header *header, const struct csv_row *row, struct arena *arena)
{
	int categories = header->field[COLUMN_TYPE], id = header->field[COLUMN_ID];

	assert(header->dialect == IMPORT_WOOCOMMERCE);
	for (size_t i = 0; i < row->count; i++)
		read_attribute(header, i, row->fields[i].text);
	for (size_t i = 0; i < WEIGHTS_ALL; i++) {
		if (strcmp(header->name[COLUMN_GRAMS], WEIGHTS[i].name) == 0)
			header->grams = WEIGHTS[i].grams;
	}
	/* Store the categories beyond the product's, and the ID, as extra columns. */
	assert(categories < (int)row->count && id < (int)row->count);
	if (categories >= 0)
		import_extra_read(header, (size_t)categories, &row->fields[categories], arena);
	if (id >= 0)
		import_extra_read(header, (size_t)id, &row->fields[id], arena);
	name_options(header);
}
