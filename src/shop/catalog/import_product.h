/*
 * import_product: assembles the rows of a product CSV into products, one batch at a time.
 *
 * A product is the rows of one handle, case-insensitively. The first row with a title describes it;
 * each row may add a variant, an image, or both. Later rows of the same handle, at any distance,
 * continue the product: they add to it, but do not change its description or repeat a variant.
 * Products already in the database are updated or extended. Values missing from the file are left
 * unchanged: absent columns always; empty values of prices, stock, weight and SKU. Nothing is ever
 * deleted. When the file's options differ from the product's, they replace them if the file names
 * each of its variants by SKU.
 *
 * Everything of a batch is in the batch's arena; its size is bounded by import_batch_is_full.
 */
#ifndef SEBEZ_SHOP_CATALOG_IMPORT_PRODUCT_H
#define SEBEZ_SHOP_CATALOG_IMPORT_PRODUCT_H

#include "base/uuid.h"
#include "shop/catalog/import_columns.h"
#include "shop/catalog/import_dry.h"
#include "shop/catalog/import_seen.h"

enum {
	IMPORT_OPTIONS = 3,
	IMPORT_BATCH_PRODUCTS = 200, /* a transaction takes about 0.1 s */
	IMPORT_BATCH_VARIANTS = 2000,
	IMPORT_BATCH_BYTES = 2 * 1024 * 1024,
	IMPORT_KEEP = INT32_MIN, /* a quantity not given in the file */
};

#define IMPORT_PRICE_MAX INT64_C(1000000000000)

/* Separates the tags or option values of a product sent to the database; no value contains it. */
#define IMPORT_BREAK '\x1f'

struct import_variant {
	int64_t line;
	const char *sku;                     /* NULL: not given */
	const char *options[IMPORT_OPTIONS]; /* "" for none */
	int64_t price;                       /* minor units; -1: not given */
	const char *bad_price;               /* the invalid price; NULL: none */
	int64_t compare_at;                  /* 0: none; -1: not given */
	int32_t quantity;                    /* or IMPORT_KEEP */
	int32_t grams;                       /* -1: not given */
	int32_t tracked;                     /* 0, 1; -1: not given */
	int32_t backorder;                   /* 0, 1; -1: not given */
	const char *barcode;                 /* "" none; NULL: not given */
	const char *image;                   /* "" none; NULL: not given */
	const char *image_facts;             /* set by import_fetch; NULL: no image */
	const char *extra;                   /* from adding_extra(); NULL: not given */
	/* Set by import_match: */
	struct uuid id;
	bool exists;
	bool refused;
	bool sku_warned; /* warned of a shared SKU */
	bool changed;    /* set by import_write */
};

struct import_image {
	const char *url;
	const char *alt;
	const char *facts; /* set by import_fetch */
	int32_t position;  /* INT32_MAX when not given */
};

struct import_product {
	int64_t line; /* of its first row */
	const char *handle;
	const char *key;   /* the handle in lower case */
	uint64_t hash;     /* of the key */
	const char *title; /* NULL: not described; then these are NULL, too */
	const char *description;
	const char *type;
	const char *status;
	bool status_unknown;       /* an unknown word */
	const char *tags;          /* separated by IMPORT_BREAK */
	const char *category_slug; /* "" none; NULL: not given */
	const char *extra;         /* from adding_extra(); NULL: not given */
	const char *option_names[IMPORT_OPTIONS];
	int option_count; /* -1: no row has any */
	bool refused;     /* reported; not written */
	bool complained;  /* part of it was reported */
	size_t variant_count, variant_room;
	struct import_variant *variants;
	size_t image_count, image_room;
	struct import_image *images; /* sorted by position */
	/* Set by import_match: */
	struct uuid id;
	bool exists;
	struct uuid category;     /* nil: none */
	bool filed;               /* the file names the category */
	bool remapped;            /* its options replace other stored ones */
	bool pending;             /* in a dry run: created by an earlier batch */
	bool changed;             /* set by import_write */
	const char *options_json; /* NULL: unchanged */
	const char *images_json;
	int32_t next_position; /* of the next new variant */
};

struct import_batch {
	struct arena *arena; /* of the products */
	struct arena *work;  /* of the transaction that writes them */
	const char *currency, *vendor_name;
	const struct import_header *header;
	struct import_report *report;
	struct import_seen *seen; /* from the file's earlier rows */
	struct import_dry *dry;   /* NULL: not a dry run */
	struct import_lines lines;
	size_t count;
	size_t variant_count;
	struct import_product *products[IMPORT_BATCH_PRODUCTS];
};

/* Adds the row to its product in the batch. Reports problems of the row. */
void import_batch_add(struct import_batch *batch, const struct import_row *row);

/* Counts the result of each row, after the batch is written. */
void import_batch_count(const struct import_batch *batch);

/* Whether the batch must be written before this row. */
bool import_batch_is_full(const struct import_batch *batch, const struct import_row *row);

/* Mark a product or variant as reported and not to be written. */
void import_product_refuse(struct import_batch *batch, struct import_product *product, int64_t line,
                           enum import_column column, const char *format, ...)
    __attribute__((format(printf, 5, 6)));
void import_variant_refuse(struct import_batch *batch, struct import_product *product,
                           struct import_variant *variant, enum import_column column,
                           const char *format, ...) __attribute__((format(printf, 5, 6)));

/* Checks that the options of each variant match the product's option names. */
void import_check_options(struct import_batch *batch, struct import_product *product);
/* The key under which the batch's seen stores a written variant. */
uint64_t import_variant_mark(struct uuid id);
void import_variant_warn(struct import_batch *batch, const struct import_variant *variant,
                         enum import_column column, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* Warns of variants of the batch with the SKU of an earlier one. */
void import_check_skus(struct import_batch *batch);

#endif
