#include "shop/catalog/import_woo.h"

#include <string.h>
#include <strings.h>
#include <time.h>

#include "base/codec.h"
#include "base/hash.h"
#include "base/unicode.h"
#include "shop/catalog/import_product.h"
#include "shop/catalog/import_woo_cell.h"
#include "shop/catalog/woo.h"

enum {
	PARENTS_MAX = 200000,                /* per file */
	PARENTS_BYTES = 128 * 1024 * 1024,   /* for their names and options */
	WAITING_BYTES = 64 * 1024 * 1024,    /* for held rows: 10,000 of 6 KB */
	ROW_ARENA_BYTES = 8 * CSV_ROW_BYTES, /* for a row and its converted cells */
};

static const enum import_column OPTION_NAMES[] = {COLUMN_OPTION1_NAME, COLUMN_OPTION2_NAME,
                                                  COLUMN_OPTION3_NAME};
static const enum import_column OPTION_VALUES[] = {COLUMN_OPTION1_VALUE, COLUMN_OPTION2_VALUE,
                                                   COLUMN_OPTION3_VALUE};

/* A product with variations. */
struct parent {
	const char *handle, *stock;
	size_t name_count; /* number of its options, named by the first variation */
	const char *names[IMPORT_OPTIONS];
	struct arena *arena;    /* of row; NULL: already passed on */
	struct import_row *row; /* the held row */
};

struct import_woo {
	struct woo_cells cells; /* its arena is the row's */
	import_rows_fn *take;
	void *arg;
	arena_full_fn *full;
	void *owner;
	struct arena *lasting;    /* for the parents */
	struct import_seen *seen; /* entry.title is a parent's number, from 1 */
	size_t parent_count, parent_room;
	struct parent *parents;
	size_t waiting_bytes;
};

static void release(void *arg)
{
	struct import_woo *woo = arg;

	for (size_t i = 0; i < woo->parent_count; i++)
		arena_free(woo->parents[i].arena);
	arena_free(woo->cells.arena);
	arena_free(woo->lasting);
}

struct import_woo *import_woo_new(struct arena *arena, arena_full_fn *full, void *owner,
                                  const struct import_header *header, struct import_report *report,
                                  import_rows_fn *take, void *arg)
{
	struct import_woo *woo = arena_alloc(arena, sizeof(*woo));
	time_t now = time(NULL);
	struct tm day;

	*woo = (struct import_woo){.cells = {.header = header, .report = report},
	                           .take = take,
	                           .arg = arg,
	                           .full = full,
	                           .owner = owner};
	strftime(woo->cells.today, sizeof(woo->cells.today), "%Y-%m-%d", gmtime_r(&now, &day));
	arena_defer(arena, release, woo);
	woo->lasting = arena_new(PARENTS_BYTES, full, owner);
	woo->seen = import_seen_new(woo->lasting, full, owner);
	return woo;
}

static void refuse(struct import_woo *woo, const struct import_row *row, enum import_column column,
                   const char *reason)
{
	woo->cells.report->refused++;
	import_refuse(woo->cells.report, woo->cells.header, row->line, column, "%s", reason);
}

/* Products -------------------------------------------------------------------------------------*/

static void take_simple(struct import_woo *woo, struct import_row *row)
{
	woo_take_description(&woo->cells, row);
	woo_take_price(&woo->cells, row);
	woo_take_stock(row);
	woo_take_weight(&woo->cells, row);
	woo->take(woo->arg, row, 1);
}

/* Parents --------------------------------------------------------------------------------------*/

static uint64_t parent_key(struct import_woo *woo, const char *text)
{
	const char *key = unicode_lower(woo->cells.arena, text);

	return hash_plain(key, strlen(key));
}

static void remember(struct import_woo *woo, const char *key, int64_t line)
{
	import_seen_at(woo->seen, parent_key(woo, key), line)->title = (uint32_t)woo->parent_count;
}

/* Copies the row, so that it outlives the reader's: its known cells and extra columns. */
static struct import_row *keep_row(struct import_woo *woo, const struct import_row *row)
{
	struct import_row *kept = arena_alloc(woo->cells.arena, sizeof(*kept));
	struct csv_row *csv = arena_alloc(woo->cells.arena, sizeof(*csv));
	struct csv_field *fields =
	    arena_array(woo->cells.arena, row->csv->count, sizeof(fields[0]));
	char *none = arena_alloc(woo->cells.arena, 1);

	*kept = *row;
	*csv = *row->csv;
	for (int column = 0; column < COLUMN_COUNT; column++) {
		if (row->values[column] != NULL)
			kept->values[column] = arena_strdup(woo->cells.arena, row->values[column]);
	}
	for (size_t i = 0; i < csv->count; i++)
		fields[i].text = none;
	for (size_t i = 0; i < woo->cells.header->extra_count; i++) {
		size_t field = (size_t)woo->cells.header->extras[i].field;

		if (field >= csv->count)
			continue;
		fields[field].text = arena_strdup(woo->cells.arena, row->csv->fields[field].text);
		fields[field].length = strlen(fields[field].text);
	}
	csv->fields = fields;
	kept->csv = csv;
	return kept;
}

/* Takes the row of a product with variations; sale columns are in the variations. */
static void take_variable(struct import_woo *woo, struct import_row *row)
{
	static const enum import_column NOT_ITS[] = {
	    COLUMN_SKU,   COLUMN_PRICE,  COLUMN_COMPARE_AT, COLUMN_QUANTITY,
	    COLUMN_GRAMS, COLUMN_POLICY, COLUMN_BARCODE,
	};
	struct parent parent = {0};

	if (woo->parent_count == PARENTS_MAX || woo->waiting_bytes > WAITING_BYTES) {
		refuse(woo, row, COLUMN_KIND,
		       "Too many products have their variations far behind them in the file");
		return;
	}
	woo_take_description(&woo->cells, row);
	parent.handle = arena_strdup(woo->lasting, row->values[COLUMN_HANDLE]);
	parent.stock = arena_strdup(woo->lasting, woo_value(row, COLUMN_QUANTITY));
	woo->parents = arena_room(woo->lasting, woo->parents, woo->parent_count, &woo->parent_room,
	                          sizeof(parent));
	woo->parent_count++;
	if (*woo_value(row, COLUMN_SKU) != 0)
		remember(woo, row->values[COLUMN_SKU], row->line);
	if (*woo_value(row, COLUMN_ID) != 0)
		remember(woo, arena_printf(woo->cells.arena, "id:%s", row->values[COLUMN_ID]),
		         row->line);
	for (size_t i = 0; i < sizeof(NOT_ITS) / sizeof(NOT_ITS[0]); i++)
		row->values[NOT_ITS[i]] = NULL;
	parent.row = keep_row(woo, row);
	woo->waiting_bytes += arena_used(woo->cells.arena);
	parent.arena = woo->cells.arena;
	woo->parents[woo->parent_count - 1] = parent;
	woo->cells.arena = NULL;
}

static struct parent *find_parent(struct import_woo *woo, const struct import_row *row)
{
	uint64_t key = parent_key(woo, woo_value(row, COLUMN_PARENT));

	if (!import_seen_has(woo->seen, key))
		return NULL;
	return &woo->parents[import_seen_at(woo->seen, key, row->line)->title - 1];
}

/* Variations -----------------------------------------------------------------------------------*/

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
static int find_option(const struct parent *parent, const char *name)
{
	for (size_t i = 0; i < parent->name_count; i++) {
		if (strcasecmp(parent->names[i], name) == 0)
			return (int)i;
	}
	return -1;
}

/* The same; the first variation adds missing options. */
static int option_of(struct import_woo *woo, struct parent *parent, const char *name)
{
	int option = find_option(parent, name);

	if (option >= 0 || parent->arena == NULL || parent->name_count == IMPORT_OPTIONS)
		return option;
	parent->names[parent->name_count] = arena_strdup(woo->lasting, name);
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

static void take_option(struct import_woo *woo, struct import_row *row, struct parent *parent,
                        size_t attribute)
{
	const char *name = cell(row, attribute, ATTRIBUTE_NAME);
	const char *values = cell(row, attribute, ATTRIBUTE_VALUES);

	if (*name == 0 || !is_utf8(row, attribute))
		return;
	int option = option_of(woo, parent, name);

	if (option < 0) {
		woo_warn(&woo->cells, row, COLUMN_OPTION3_NAME,
		         "\"%.60s\" was kept but is not an option: the product has other options",
		         name);
		return;
	}
	row->values[OPTION_VALUES[option]] = woo_item(woo->cells.arena, &values);
	drop_attribute(row, attribute);
}

static void take_options(struct import_woo *woo, struct import_row *row, struct parent *parent)
{
	for (size_t i = 0; i < IMPORT_ATTRIBUTES; i++)
		take_option(woo, row, parent, i);
	for (size_t i = 0; i < parent->name_count; i++) {
		if (*woo_value(row, OPTION_VALUES[i]) != 0)
			continue;
		row->values[OPTION_VALUES[i]] = WOO_ANY;
		woo_warn(&woo->cells, row, OPTION_VALUES[i],
		         "The variation has no value for \"%.60s\"; \"%s\" was used",
		         parent->names[i], WOO_ANY);
	}
}

/* Shared stock and disabled variations do not exist here: replace them by stock, with a warning. */
static void take_variation_stock(struct import_woo *woo, struct import_row *row,
                                 const struct parent *parent)
{
	if (strcasecmp(woo_value(row, COLUMN_QUANTITY), "parent") == 0) {
		row->values[COLUMN_QUANTITY] = parent->stock;
		if (*parent->stock != 0)
			woo_warn(&woo->cells, row, COLUMN_QUANTITY,
			         "Variations cannot share stock: each was given all %.40s",
			         parent->stock);
	}
	if (woo_says_no(woo_value(row, COLUMN_PUBLISHED)) ||
	    *woo_value(row, COLUMN_PUBLISHED) == '-') {
		woo_warn(&woo->cells, row, COLUMN_PUBLISHED,
		         "The variation is disabled, so its stock was set to 0");
		row->values[COLUMN_QUANTITY] = "0";
		row->values[COLUMN_POLICY] = "deny";
	}
	woo_take_stock(row);
}

/* Passes on the row, and its product first when that is held. */
static void pass_on(struct import_woo *woo, const struct import_row *row, struct parent *parent)
{
	struct import_row *rows = arena_array(woo->cells.arena, 2, sizeof(rows[0]));
	struct arena *arena = parent->arena;
	size_t count = 0;

	if (arena != NULL) {
		for (size_t i = 0; i < IMPORT_ATTRIBUTES; i++) {
			const char *name = cell(parent->row, i, ATTRIBUTE_NAME);

			if (find_option(parent, name) >= 0)
				drop_attribute(parent->row, i);
		}
		for (size_t i = 0; i < parent->name_count; i++)
			parent->row->values[OPTION_NAMES[i]] = parent->names[i];
		rows[count++] = *parent->row;
	}
	rows[count++] = *row;
	woo->take(woo->arg, rows, count);
	parent->arena = NULL;
	woo->waiting_bytes -= arena == NULL ? 0 : arena_used(arena);
	arena_free(arena);
}

static void take_variation(struct import_woo *woo, struct import_row *row)
{
	static const enum import_column NOT_ITS[] = {
	    COLUMN_TITLE,  COLUMN_BODY,  COLUMN_TYPE,      COLUMN_TAGS,     COLUMN_PUBLISHED,
	    COLUMN_STATUS, COLUMN_IMAGE, COLUMN_IMAGE_ALT, COLUMN_CATEGORY,
	};
	struct parent *parent = find_parent(woo, row);
	const char *images = row->values[COLUMN_IMAGE];

	if (parent == NULL) {
		refuse(woo, row, COLUMN_PARENT,
		       "No row of Type variable before this one has this SKU or ID");
		return;
	}
	woo_take_price(&woo->cells, row);
	take_variation_stock(woo, row, parent);
	woo_take_weight(&woo->cells, row);
	take_options(woo, row, parent);
	row->values[COLUMN_VARIANT_IMAGE] = woo_item(woo->cells.arena, &images);
	row->values[COLUMN_HANDLE] = parent->handle;
	for (size_t i = 0; i < sizeof(NOT_ITS) / sizeof(NOT_ITS[0]); i++)
		row->values[NOT_ITS[i]] = NULL;
	pass_on(woo, row, parent);
}

/* Rows -----------------------------------------------------------------------------------------*/

enum kind { SIMPLE, VARIABLE, VARIATION, GROUPED, EXTERNAL, UNKNOWN };

/* The kind of the row: the known word of "simple, virtual", whatever the others are. */
static enum kind kind_of(struct import_woo *woo, const struct import_row *row)
{
	static const char *const WORDS[] = {"simple", "variable", "variation", "grouped",
	                                    "external"};
	const char *list = woo_value(row, COLUMN_KIND), *word;

	if (*list == 0)
		return *woo_value(row, COLUMN_PARENT) != 0 ? VARIATION : SIMPLE;
	while ((word = woo_item(woo->cells.arena, &list)) != NULL) {
		for (int i = 0; i < UNKNOWN; i++) {
			if (strcasecmp(word, WORDS[i]) == 0)
				return (enum kind)i;
		}
	}
	return UNKNOWN;
}

static void take_product(struct import_woo *woo, struct import_row *row, enum kind kind)
{
	row->values[COLUMN_HANDLE] = woo_handle(&woo->cells, row);
	if (row->values[COLUMN_HANDLE] == NULL) {
		refuse(woo, row, COLUMN_SKU, "A product needs a SKU or a Name");
		return;
	}
	if (kind == VARIABLE) {
		take_variable(woo, row);
		return;
	}
	if (kind == UNKNOWN)
		woo_warn(&woo->cells, row, COLUMN_KIND, "\"%.40s\" was read as simple",
		         woo_value(row, COLUMN_KIND));
	if (kind == EXTERNAL) {
		woo_warn(&woo->cells, row, COLUMN_KIND,
		         "An external product was imported as a draft");
		row->values[COLUMN_PUBLISHED] = "0";
	}
	take_simple(woo, row);
}

void import_woo_row(struct import_woo *woo, struct import_row *row)
{
	woo->cells.arena = arena_new(ROW_ARENA_BYTES, woo->full, woo->owner);
	enum kind kind = kind_of(woo, row);

	if (kind == GROUPED)
		refuse(woo, row, COLUMN_KIND, "Grouped products are not supported");
	else if (kind == VARIATION)
		take_variation(woo, row);
	else
		take_product(woo, row, kind);
	arena_free(woo->cells.arena);
	woo->cells.arena = NULL;
}

void import_woo_end(struct import_woo *woo)
{
	for (size_t i = 0; i < woo->parent_count; i++) {
		struct parent *parent = &woo->parents[i];
		struct arena *arena = parent->arena;

		if (arena == NULL)
			continue;
		woo->take(woo->arg, parent->row, 1);
		parent->arena = NULL;
		arena_free(arena);
	}
}
