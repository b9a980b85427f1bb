/*
 * staff: what the vendor's own writes share: the options that a variant must name, and how
 * variants are added. Within the catalogue only.
 */
#ifndef SEBEZ_SHOP_CATALOG_STAFF_H
#define SEBEZ_SHOP_CATALOG_STAFF_H

#include "api.gen.h"
#include "task/db.h"
#include "web/check.h"

enum { OPTIONS_MAX = 3 };

/* The options of a product, by name. The texts are the request's. */
struct option_names {
	size_t count;
	const char *names[OPTIONS_MAX];
};

/* A variant's value of each option, NULL for those that its product does not have. */
struct option_choice {
	const char *values[OPTIONS_MAX];
};

/* Unnamed ones are NULL, and come after the named. */
struct option_names option_names(const char *one, const char *two, const char *three);

/* Notes in check, at the present name and /options, when they are not one value for each option. */
bool options_choose(struct check *check, const struct option_names *names, size_t pair_count,
                    const struct field_pair pairs[], struct option_choice *ret);

/* Notes in check, at the present name and /name, what keeps a product from having an option of this
 * name beside those before it. */
void option_check_name(struct check *check, size_t before, const char *const names[],
                       const char *name);

bool option_choices_equal(const struct option_choice *a, const struct option_choice *b);

/* "Blue / Large", or "Default Title" without options. */
const char *options_title(struct arena *arena, const struct option_choice *choice);

/* Notes every wrong thing about a new product's options and variants; ret takes one choice each. */
void staff_check_product(struct check *check, const struct create_vendor_product_in *in,
                         struct option_choice ret[]);

/* What a request says of a product; NULL and 0 where it says nothing. */
struct staff_texts {
	const char *title, *description, *product_type;
	size_t tag_count, image_count;
	const char *const *tags;
	const struct image_input_in *images;
};

/* Note what a file could not bring back as it is. */
/* Notes at the present name that the text has control characters; NULL has none. */
bool staff_check_plain(struct check *check, const char *text);
void staff_check_texts(struct check *check, const struct staff_texts *texts);
void staff_check_variant(struct check *check, const char *sku, const char *barcode);

/* Adds variants to a product, each with its choice and its first stock, and gives the first one's
 * id. nested: they stand under /variants in the body. */
struct uuid staff_variants_add(struct db *db, struct uuid vendor_id, struct uuid product_id,
                               bool nested, size_t count,
                               const struct create_variant_input_in variants[],
                               const struct option_choice choices[]);

/* Holds a product, and gives the names of its options. Ends the task when there is none, and (412)
 * when it is not as it was read. */
struct option_names staff_lock_as_read(struct request *rq, struct db *tx, struct uuid vendor_id,
                                       struct uuid id);

/* The options and the order of variants that a request gives a product, which is held with its
 * variants and has options of these names. Ends the task when they are wrong. */
void staff_rearrange(struct db *tx, const struct update_vendor_product_in *in,
                     const struct option_names *names);

/* Ends the task when the check noted something. */
void staff_end_if_wrong(struct task *task, struct check *check);

#endif
