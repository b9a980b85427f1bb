/*
 * import_pair: finds the variant that each row describes. In real shops several variants may share
 * a SKU, so the SKU is used only when the options match none and it is that of one variant.
 */
#include <assert.h>
#include <string.h>
#include <strings.h>

#include "shop/catalog/import_matching.h"

/* The variants of a row's product that have its SKU. */
struct by_sku {
	struct uuid id; /* of the only one, or the only one in the same case */
	bool some, unique, alike;
};

static struct import_wanted *wanted_rows(const struct matching *matching)
{
	struct import_wanted *wanted =
	    arena_array(matching_arena(matching), matching->variant_count, sizeof(wanted[0]));

	for (size_t i = 0; i < matching->variant_count; i++) {
		const struct import_variant *variant = matching->variants[i];

		wanted[i] = (struct import_wanted){
		    .product = matching->owners[i]->id,
		    .sku = variant->sku,
		    .one = variant->options[0],
		    .two = variant->options[1],
		    .three = variant->options[2],
		};
	}
	return wanted;
}

/* Rows with the SKU in the same case come first; there are at most two. */
static void add_sku(struct by_sku *found, const struct import_find_variants_row *row)
{
	if (!found->some)
		*found =
		    (struct by_sku){row->id, .some = true, .unique = true, .alike = row->alike};
	else
		found->unique = found->alike && !row->alike;
}

/* Whether a row of this batch or of an earlier one already matched the variant. */
static bool is_taken(const struct matching *matching, size_t i, struct uuid id)
{
	const struct import_product *owner = matching->owners[i];

	if (import_seen_has(matching->batch->seen, import_variant_mark(id)))
		return true;

	for (size_t v = 0; v < owner->variant_count; v++) {
		if (owner->variants[v].exists && uuid_equal(owner->variants[v].id, id))
			return true;
	}
	return false;
}

static bool another_row_has_sku(const struct matching *matching, size_t i)
{
	const struct import_product *owner = matching->owners[i];
	const struct import_variant *variant = matching->variants[i];

	for (size_t v = 0; v < owner->variant_count; v++) {
		const struct import_variant *other = &owner->variants[v];

		if (other != variant && other->sku != NULL &&
		    strcasecmp(other->sku, variant->sku) == 0)
			return true;
	}
	return false;
}

static void warn_of_sku(struct matching *matching, size_t i, const char *whose)
{
	assert(i < matching->variant_count);
	struct import_variant *variant = matching->variants[i];

	assert(variant->sku != NULL);
	if (variant->sku_warned)
		return;
	import_variant_warn(matching->batch, variant, COLUMN_SKU,
	                    "\"%.100s\" is also the SKU of %s", variant->sku, whose);
	variant->sku_warned = true;
}

static void pair_by_sku(struct matching *matching, const struct by_sku found[])
{
	for (size_t i = 0; i < matching->variant_count; i++) {
		struct import_variant *variant = matching->variants[i];

		if (!variant->exists && found[i].unique && !another_row_has_sku(matching, i) &&
		    !is_taken(matching, i, found[i].id)) {
			variant->exists = true;
			variant->id = found[i].id;
		}
	}
	for (size_t i = 0; i < matching->variant_count; i++) {
		const struct import_variant *variant = matching->variants[i];

		if (found[i].some && !(variant->exists && uuid_equal(variant->id, found[i].id)))
			warn_of_sku(matching, i, "another variant of the product");
	}
}

static void warn_of_other_products(struct matching *matching, const struct import_wanted wanted[])
{
	struct rows *rows = sql_import_other_skus(matching->tx, matching->variant_count, wanted);
	size_t count;
	const struct import_other_skus_row *others =
	    sql_import_other_skus_rows(matching->tx, rows, &count);

	for (size_t i = 0; i < count; i++)
		warn_of_sku(matching, (size_t)others[i].number - 1, "another product");
}

void matching_pair(struct matching *matching)
{
	size_t count;

	if (matching->variant_count == 0)
		return;
	struct by_sku *by_sku =
	    arena_array(matching_arena(matching), matching->variant_count, sizeof(by_sku[0]));
	const struct import_wanted *wanted = wanted_rows(matching);
	struct rows *rows = sql_import_find_variants(matching->tx, matching->variant_count, wanted);
	const struct import_find_variants_row *found =
	    sql_import_find_variants_rows(matching->tx, rows, &count);

	for (size_t i = 0; i < count; i++) {
		size_t at = (size_t)found[i].number - 1;

		assert(at < matching->variant_count);
		if (found[i].by_sku) {
			add_sku(&by_sku[at], &found[i]);
		} else {
			matching->variants[at]->exists = true;
			matching->variants[at]->id = found[i].id;
		}
	}
	pair_by_sku(matching, by_sku);
	warn_of_other_products(matching, wanted);
}
