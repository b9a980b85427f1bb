/*
 * import_product: puts the rows of a product CSV together into products, a batch at a time.
 *
 * A product is the rows of one handle, in whatever case. The first row with a title describes it;
 * each row may bring a variant, an image, or both. Rows of a handle that comes back continue its
 * product, however far behind: they add to it, and neither describe it anew nor bring a variant
 * again. What is in the database already is updated or added to.
 * What a file does not say stays as it is: absent columns always; empty values of prices, stock,
 * weight and SKU; and nothing is ever deleted. Other options than a product has replace them, when
 * the file names each of its variants by SKU.
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
	IMPORT_BATCH_PRODUCTS = 200, /* a transaction of about a tenth of a second */
	IMPORT_BATCH_VARIANTS = 2000,
	IMPORT_BATCH_BYTES = 2 * 1024 * 1024,
	IMPORT_KEEP = INT32_MIN, /* a quantity that the file does not say */
};

#define IMPORT_PRICE_MAX INT64_C(1000000000000)

/* Between the tags or option values of a product on their way to the database; none has one. */
#define IMPORT_BREAK '\x1f'

struct import_variant {
	int64_t line;
	const char *sku;                     /* NULL: not said */
	const char *options[IMPORT_OPTIONS]; /* "" where there is none */
	int64_t price;                       /* minor units; -1: not said */
	const char *bad_price;               /* what is no amount; NULL: none */
	int64_t compare_at;                  /* 0: none; -1: not said */
	int32_t quantity;                    /* or IMPORT_KEEP */
	int32_t grams;                       /* -1: not said */
	int32_t tracked;                     /* 0, 1; -1: not said */
	int32_t backorder;                   /* 0, 1; -1: not said */
	const char *barcode;                 /* "" none; NULL: not said */
	const char *image;                   /* "" none; NULL: not said */
	const char *extra;                   /* as adding_extra() gives it; NULL: not said */
	/* Found by import_match: */
	struct uuid id;
	bool exists;
	bool refused;
	bool sku_told; /* that another has it, too */
	bool changed;  /* by import_write */
};

struct import_image {
	const char *url;
	const char *alt;
	int32_t position; /* INT32_MAX when the file does not say */
};

struct import_product {
	int64_t line; /* of its first row */
	const char *handle;
	const char *key;   /* the handle in lower case */
	uint64_t hash;     /* of the key */
	const char *title; /* NULL: no row described it; then these are NULL, too */
	const char *description;
	const char *type;
	const char *status;
	bool status_unknown;       /* it is a word that we do not know */
	const char *tags;          /* with IMPORT_BREAK between them */
	const char *category_slug; /* "" none; NULL: not said */
	const char *extra;         /* as adding_extra() gives it; NULL: not said */
	const char *option_names[IMPORT_OPTIONS];
	int option_count; /* -1: no row named any */
	bool refused;     /* reported; nothing of it goes in */
	bool complained;  /* something of it was reported */
	size_t variant_count, variant_room;
	struct import_variant *variants;
	size_t image_count, image_room;
	struct import_image *images; /* in the order of their positions */
	/* Found by import_match: */
	struct uuid id;
	bool exists;
	struct uuid category;     /* nil: none */
	bool filed;               /* the file names the category itself */
	bool remapped;            /* its options are others than those that are there */
	bool pending;             /* of a dry run: an earlier batch would have made it */
	bool changed;             /* by import_write */
	const char *options_json; /* NULL: as they are */
	const char *images_json;
	int32_t next_position; /* of a variant to add */
};

struct import_batch {
	struct arena *arena; /* of the products */
	struct arena *work;  /* of the transaction that writes them */
	const char *currency, *vendor_name;
	const struct import_header *header;
	struct import_report *report;
	struct import_seen *seen; /* in the rows of the file before */
	struct import_dry *dry;   /* NULL: the batch is to be written */
	struct import_lines lines;
	size_t count;
	size_t variant_count;
	struct import_product *products[IMPORT_BATCH_PRODUCTS];
};

/* Adds the row to its product in the batch. Reports what is wrong with it. */
void import_batch_add(struct import_batch *batch, const struct import_row *row);

/* Counts what became of each row, once the batch is written. */
void import_batch_count(const struct import_batch *batch);

/* Whether the batch must be written before this row. */
bool import_batch_is_full(const struct import_batch *batch, const struct import_row *row);

/* Marks a product or variant as reported and not to be written. */
void import_product_refuse(struct import_batch *batch, struct import_product *product, int64_t line,
                           enum import_column column, const char *format, ...)
    __attribute__((format(printf, 5, 6)));
void import_variant_refuse(struct import_batch *batch, struct import_product *product,
                           struct import_variant *variant, enum import_column column,
                           const char *format, ...) __attribute__((format(printf, 5, 6)));

/* The options of each variant fit the names of the product's options. */
void import_check_options(struct import_batch *batch, struct import_product *product);
/* What the batch's seen has of a variant that a row has brought, once that is written. */
uint64_t import_variant_mark(struct uuid id);
void import_variant_warn(struct import_batch *batch, const struct import_variant *variant,
                         enum import_column column, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* Tells of variants of the batch that have the SKU of one before. */
void import_check_skus(struct import_batch *batch);

#endif
