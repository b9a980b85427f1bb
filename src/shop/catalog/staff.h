/*
 * staff: code shared by the vendor's own writes: the options that a variant must name, and adding
 * variants. Private to the catalogue.
 */
#ifndef SEBEZ_SHOP_CATALOG_STAFF_H
#define SEBEZ_SHOP_CATALOG_STAFF_H

#include "api.gen.h"
#include "task/db.h"
#include "web/check.h"

enum { OPTIONS_MAX = 3 };

/* The option names of a product. The texts are the request's. */
struct option_names {
	size_t count;
	const char *names[OPTIONS_MAX];
};

/* A variant's value of each option, NULL for options that its product does not have. */
struct option_choice {
	const char *values[OPTIONS_MAX];
};

/* Missing names are NULL, and come last. */
struct option_names option_names(const char *one, const char *two, const char *three);

/* Notes an error in check, at the current name and /options, unless there is one value for each
 * option. */
bool options_choose(struct check *check, const struct option_names *names, size_t pair_count,
                    const struct field_pair pairs[], struct option_choice *ret);

/* Notes an error in check, at the current name and /name, when the name is invalid or repeats one
 * of the options before it. */
void option_check_name(struct check *check, size_t before, const char *const names[],
                       const char *name);

bool option_choices_equal(const struct option_choice *a, const struct option_choice *b);

/* "Blue / Large", or "Default Title" without options. */
const char *options_title(struct arena *arena, const struct option_choice *choice);

/* Notes every error of a new product's options and variants; ret takes one choice each. */
void staff_check_product(struct check *check, const struct create_vendor_product_in *in,
                         struct option_choice ret[]);

/* The texts of a product in a request; NULL and 0 where not given. */
struct staff_texts {
	const char *title, *description, *product_type;
	size_t tag_count, image_count;
	const char *const *tags;
	const struct image_input_in *images;
};

/* Note texts that an export and import would not preserve. */
/* Notes at the current name that the text has control characters; NULL has none. */
bool staff_check_plain(struct check *check, const char *text);
void staff_check_texts(struct check *check, const struct staff_texts *texts);
void staff_check_variant(struct check *check, const char *sku, const char *barcode,
                         const struct image_input_in *image);
/* Notes an error unless the picture, whose name check is at, has exactly one source. */
void staff_check_image(struct check *check, const struct image_input_in *image);

/* Pictures of a request as they are kept (shop/image.h): an array, as JSON; a text for each
 * variant, NULL for none; and one of /image. They end the task when an upload cannot be used. db is
 * not a batch. */
const char *staff_product_images(struct db *db, size_t count, const struct image_input_in images[]);
const char *const *staff_variant_images(struct db *db, size_t count,
                                        const struct create_variant_input_in variants[]);
const char *staff_variant_image(struct db *db, const struct image_input_in *image);

/* Adds variants to a product, each with its choice, its picture and its initial stock, and returns
 * the first one's id. nested: they are under /variants in the body. */
struct uuid staff_variants_add(struct db *db, struct uuid vendor_id, struct uuid product_id,
                               bool nested, size_t count,
                               const struct create_variant_input_in variants[],
                               const struct option_choice choices[], const char *const images[]);

/* Locks a product and returns its option names. Ends the task when there is none, and (412) when
 * its version is not the one that was read. */
struct option_names staff_lock_as_read(struct request *rq, struct db *tx, struct uuid vendor_id,
                                       struct uuid id);

/* Writes the options and the variant order of a request to a product. The product and its variants
 * are locked; names are its current options. Ends the task when they are invalid. */
void staff_rearrange(struct db *tx, const struct update_vendor_product_in *in,
                     const struct option_names *names);

/* Ends the task when check has an error. */
void staff_end_if_wrong(struct task *task, struct check *check);

#endif
