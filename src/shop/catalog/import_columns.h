/*
 * import_columns: the known columns of a product CSV, their positions in a file, and the report of
 * what was wrong with it.
 *
 * Columns are known by Shopify's names (of its classic and its newer export) or by WooCommerce's,
 * in any case and order; other columns are stored unchanged (extra.h). One column is our own:
 * neither format has one for the category of our tree.
 */
#ifndef SEBEZ_SHOP_CATALOG_IMPORT_COLUMNS_H
#define SEBEZ_SHOP_CATALOG_IMPORT_COLUMNS_H

#include <stdbool.h>

#include "shop/catalog/import_csv.h"

/* X(constant, "Shopify's name", "its newer name", "WooCommerce's"); NULL: no such column */
#define IMPORT_COLUMNS(X)                                                                          \
	X(COLUMN_HANDLE, "Handle", "URL handle", "Handle")                                         \
	X(COLUMN_TITLE, "Title", "Title", "Name")                                                  \
	X(COLUMN_BODY, "Body (HTML)", "Description", "Description")                                \
	X(COLUMN_TYPE, "Type", "Type", "Categories")                                               \
	X(COLUMN_TAGS, "Tags", "Tags", "Tags")                                                     \
	X(COLUMN_PUBLISHED, "Published", "Published on online store", "Published")                 \
	X(COLUMN_STATUS, "Status", "Status", "Status")                                             \
	X(COLUMN_OPTION1_NAME, "Option1 Name", "Option1 name", NULL)                               \
	X(COLUMN_OPTION1_VALUE, "Option1 Value", "Option1 value", NULL)                            \
	X(COLUMN_OPTION2_NAME, "Option2 Name", "Option2 name", NULL)                               \
	X(COLUMN_OPTION2_VALUE, "Option2 Value", "Option2 value", NULL)                            \
	X(COLUMN_OPTION3_NAME, "Option3 Name", "Option3 name", NULL)                               \
	X(COLUMN_OPTION3_VALUE, "Option3 Value", "Option3 value", NULL)                            \
	X(COLUMN_SKU, "Variant SKU", "SKU", "SKU")                                                 \
	X(COLUMN_GRAMS, "Variant Grams", "Weight value (grams)", "Weight (kg)")                    \
	X(COLUMN_TRACKER, "Variant Inventory Tracker", "Inventory tracker", NULL)                  \
	X(COLUMN_QUANTITY, "Variant Inventory Qty", "Inventory quantity", "Stock")                 \
	X(COLUMN_POLICY, "Variant Inventory Policy", "Continue selling when out of stock",         \
	  "Backorders allowed?")                                                                   \
	X(COLUMN_PRICE, "Variant Price", "Price", "Regular price")                                 \
	X(COLUMN_COMPARE_AT, "Variant Compare At Price", "Compare-at price", "Sale price")         \
	X(COLUMN_BARCODE, "Variant Barcode", "Barcode", "GTIN, UPC, EAN, or ISBN")                 \
	X(COLUMN_IMAGE, "Image Src", "Product image URL", "Images")                                \
	X(COLUMN_IMAGE_POSITION, "Image Position", "Image position", NULL)                         \
	X(COLUMN_IMAGE_ALT, "Image Alt Text", "Image alt text", "Image Alt Text")                  \
	X(COLUMN_VARIANT_IMAGE, "Variant Image", "Variant image URL", "Variant Image")             \
	X(COLUMN_CATEGORY, "Category Slug", "Category slug", "Category Slug")                      \
	X(COLUMN_ID, NULL, NULL, "ID")                                                             \
	X(COLUMN_KIND, NULL, NULL, "Type")                                                         \
	X(COLUMN_PARENT, NULL, NULL, "Parent")                                                     \
	X(COLUMN_IN_STOCK, NULL, NULL, "In stock?")                                                \
	X(COLUMN_SALE_STARTS, NULL, NULL, "Date sale price starts")                                \
	X(COLUMN_SALE_ENDS, NULL, NULL, "Date sale price ends")

#define X(constant, name, newer_name, woo_name) constant,
enum import_column { IMPORT_COLUMNS(X) COLUMN_COUNT, COLUMN_NONE = -1 };
#undef X

enum {
	IMPORT_REMARKS_KEPT = 1000, /* of each kind, as in the contract; the rest is only counted */
	IMPORT_REASON_BYTES = 400,
	IMPORT_ATTRIBUTES = 64,  /* per product; more are extra columns */
	IMPORT_ROW_WARNINGS = 8, /* per row, before it is in a batch */
};

enum import_dialect { IMPORT_SHOPIFY, IMPORT_WOOCOMMERCE };

struct import_remark {
	int64_t line;
	const char *column; /* NULL: the whole row, or the file */
	const char *reason;
};

struct import_lines;

struct import_report {
	struct arena *arena; /* owns the reasons */
	enum import_dialect dialect;
	char separator;     /* of the file: ',', ';' or a tab */
	bool decimal_comma; /* a number of the file has one */
	bool dry_run;       /* nothing is written */
	/* Counts, up to errors: restored before a batch is written again. */
	/* Without the header. Each is one of the next five; warned: imported with a warning. */
	int64_t rows;
	int64_t taken, changed, unchanged, warned, refused;
	int64_t products_created, products_updated;
	int64_t variants_created, variants_updated;
	struct import_lines *lines; /* of the batch; remarks are noted there */
	int64_t errors_total, warnings_total;
	size_t errors_kept, warnings_kept;
	struct import_remark errors[IMPORT_REMARKS_KEPT];   /* not imported */
	struct import_remark warnings[IMPORT_REMARKS_KEPT]; /* imported with a change */
};

struct extra_column;
struct import_product;

/* The column of that name, with its canonical spelling, or COLUMN_NONE. */
enum import_column import_find_column(enum import_dialect dialect, const char *text,
                                      const char **ret_name);

/* An extra column (extra.h). */
struct import_extra {
	int16_t field;
	const char *name;                  /* under which it is stored */
	const char *key;                   /* the name as JSON text, without quotes */
	const struct extra_column *column; /* NULL: not in every export */
	bool of_variant;
};

/* WooCommerce's columns "Attribute 1 name", "Attribute 1 value(s)" and so on. */
enum import_attribute_column {
	ATTRIBUTE_NAME,
	ATTRIBUTE_VALUES,
	ATTRIBUTE_VISIBLE,
	ATTRIBUTE_GLOBAL,
	ATTRIBUTE_DEFAULT,
	ATTRIBUTE_COLUMNS,
};

struct import_attribute {
	int16_t field[ATTRIBUTE_COLUMNS]; /* as below, from 1; 0: not in the file */
};

/* The positions of the file's columns. */
struct import_header {
	enum import_dialect dialect;
	double grams; /* per unit of the weight column */
	struct import_attribute attributes[IMPORT_ATTRIBUTES];
	int16_t field[COLUMN_COUNT]; /* -1: not in the file */
	const char *name[COLUMN_COUNT];
	size_t fields;
	size_t extra_count;
	struct import_extra extras[CSV_COLUMNS];
};

/* The result of a row. */
struct import_line {
	int64_t line;
	const struct import_product *product;
	size_t variant; /* of the product, from 1; 0: the row has none */
	bool warned, refused;
};

struct import_lines {
	size_t count, room;
	struct import_line *lines; /* in the order of lines */
};

struct import_row_warning {
	enum import_column column;
	const char *reason;
};

/* A row by column. Texts live as long as the row's bytes. */
struct import_row {
	int64_t line;
	const struct import_header *header;
	const char *values[COLUMN_COUNT]; /* NULL: no such column; trimmed */
	const struct csv_row *csv;
	/* Reported once the row is in a batch. */
	size_t warning_count;
	struct import_row_warning warnings[IMPORT_ROW_WARNINGS];
};

/* Report a problem of a row; header may be NULL when column is COLUMN_NONE. */
void import_refuse(struct import_report *report, const struct import_header *header, int64_t line,
                   enum import_column column, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

void import_warn(struct import_report *report, const struct import_header *header, int64_t line,
                 enum import_column column, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

/* The line's entry in the batch; NULL for none. */
struct import_line *import_line_of(const struct import_report *report, int64_t line);

/* Returns false when a required column is missing, with one error that names those missing. */
bool import_header_read(struct import_header *header, const struct csv_row *row,
                        struct import_report *report);

/* Adds a field of the header that is not a known column. */
void import_extra_read(struct import_header *header, size_t field, const struct csv_field *name,
                       struct arena *arena);

/* Returns false when there is nothing to import: the row is empty, or invalid and reported. */
bool import_row_read(const struct import_header *header, const struct csv_row *row,
                     struct import_report *report, struct import_row *ret);

#endif
