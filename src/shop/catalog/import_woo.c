#include "shop/catalog/import_woo.h"

#include <assert.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "base/codec.h"
#include "base/hash.h"
#include "base/unicode.h"
#include "shop/catalog/import_woo_parent.h"
#include "shop/catalog/woo.h"

enum {
	PARENTS_MAX = 200000,                /* per file */
	PARENTS_BYTES = 128 * 1024 * 1024,   /* for their names and options */
	WAITING_BYTES = 64 * 1024 * 1024,    /* for held rows: 10,000 of 6 KB */
	ROW_ARENA_BYTES = 8 * CSV_ROW_BYTES, /* for a row and its converted cells */
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
	struct woo_parent *parents;
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
	assert(take != NULL);
	strftime(woo->cells.today, sizeof(woo->cells.today), "%Y-%m-%d", gmtime_r(&now, &day));
	assert(strlen(woo->cells.today) == sizeof(woo->cells.today) - 1);
	arena_defer(arena, release, woo);
	woo->lasting = arena_new(PARENTS_BYTES, full, owner);
	woo->seen = import_seen_new(woo->lasting, full, owner);
	return woo;
}

static void refuse(struct import_woo *woo, const struct import_row *row, enum import_column column,
                   const char *reason)
{
	assert(row->line > 0);
	woo->cells.report->refused++;
	import_refuse(woo->cells.report, woo->cells.header, row->line, column, "%s", reason);
}

/* Products -------------------------------------------------------------------------------------*/

static void pass_simple(struct import_woo *woo, struct import_row *row)
{
	woo_convert_description(&woo->cells, row);
	woo_convert_price(&woo->cells, row);
	woo_convert_stock(row);
	woo_convert_weight(&woo->cells, row);
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
	assert(woo->parent_count > 0 && woo->parent_count <= PARENTS_MAX);
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
static void keep_variable(struct import_woo *woo, struct import_row *row)
{
	static const enum import_column NOT_ITS[] = {
	    COLUMN_SKU,   COLUMN_PRICE,  COLUMN_COMPARE_AT, COLUMN_QUANTITY,
	    COLUMN_GRAMS, COLUMN_POLICY, COLUMN_BARCODE,
	};
	struct woo_parent parent = {.lasting = woo->lasting};

	if (woo->parent_count == PARENTS_MAX || woo->waiting_bytes > WAITING_BYTES) {
		refuse(woo, row, COLUMN_KIND,
		       "Too many products have their variations far behind them in the file");
		return;
	}
	woo_convert_description(&woo->cells, row);
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

static struct woo_parent *find_parent(struct import_woo *woo, const struct import_row *row)
{
	uint64_t key = parent_key(woo, woo_value(row, COLUMN_PARENT));

	if (!import_seen_has(woo->seen, key))
		return NULL;
	size_t number = import_seen_at(woo->seen, key, row->line)->title;

	assert(number > 0 && number <= woo->parent_count);
	return &woo->parents[number - 1];
}

/* Variations -----------------------------------------------------------------------------------*/

/* Shared stock and disabled variations do not exist here: replace them by stock, with a warning. */
static void convert_stock(struct import_woo *woo, struct import_row *row,
                          const struct woo_parent *parent)
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
	woo_convert_stock(row);
}

/* Passes on the row, and its product first when that is held. */
static void pass_on(struct import_woo *woo, const struct import_row *row, struct woo_parent *parent)
{
	struct import_row *rows = arena_array(woo->cells.arena, 2, sizeof(rows[0]));
	struct arena *arena = parent->arena;
	size_t count = 0;

	if (arena != NULL) {
		woo_name_options(parent);
		rows[count++] = *parent->row;
	}
	rows[count++] = *row;
	woo->take(woo->arg, rows, count);
	parent->arena = NULL;
	assert(arena == NULL || woo->waiting_bytes >= arena_used(arena));
	woo->waiting_bytes -= arena == NULL ? 0 : arena_used(arena);
	arena_free(arena);
}

static void pass_variation(struct import_woo *woo, struct import_row *row)
{
	static const enum import_column NOT_ITS[] = {
	    COLUMN_TITLE,  COLUMN_BODY,  COLUMN_TYPE,      COLUMN_TAGS,     COLUMN_PUBLISHED,
	    COLUMN_STATUS, COLUMN_IMAGE, COLUMN_IMAGE_ALT, COLUMN_CATEGORY,
	};
	struct woo_parent *parent = find_parent(woo, row);
	const char *images = row->values[COLUMN_IMAGE];

	if (parent == NULL) {
		refuse(woo, row, COLUMN_PARENT,
		       "No row of Type variable before this one has this SKU or ID");
		return;
	}
	woo_convert_price(&woo->cells, row);
	convert_stock(woo, row, parent);
	woo_convert_weight(&woo->cells, row);
	woo_read_options(&woo->cells, row, parent);
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

	_Static_assert(sizeof(WORDS) / sizeof(WORDS[0]) == UNKNOWN, "each kind has its word");
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

static void convert_product(struct import_woo *woo, struct import_row *row, enum kind kind)
{
	row->values[COLUMN_HANDLE] = woo_handle(&woo->cells, row);
	if (row->values[COLUMN_HANDLE] == NULL) {
		refuse(woo, row, COLUMN_SKU, "A product needs a SKU or a Name");
		return;
	}
	assert(kind != VARIATION && kind != GROUPED);
	if (kind == VARIABLE) {
		keep_variable(woo, row);
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
	pass_simple(woo, row);
}

void import_woo_row(struct import_woo *woo, struct import_row *row)
{
	assert(woo->cells.arena == NULL); /* one row at a time */
	woo->cells.arena = arena_new(ROW_ARENA_BYTES, woo->full, woo->owner);
	enum kind kind = kind_of(woo, row);

	if (kind == GROUPED)
		refuse(woo, row, COLUMN_KIND, "Grouped products are not supported");
	else if (kind == VARIATION)
		pass_variation(woo, row);
	else
		convert_product(woo, row, kind);
	arena_free(woo->cells.arena);
	woo->cells.arena = NULL;
}

void import_woo_end(struct import_woo *woo)
{
	for (size_t i = 0; i < woo->parent_count; i++) {
		struct woo_parent *parent = &woo->parents[i];
		struct arena *arena = parent->arena;

		if (arena == NULL)
			continue;
		woo->take(woo->arg, parent->row, 1);
		parent->arena = NULL;
		arena_free(arena);
	}
}
