#include "shop/catalog/import_fetch.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "shop/media/media.h"

/* A picture of the file, and where its facts go. */
struct wish {
	const char *url;
	const char **facts;
};

static size_t count_wishes(const struct import_batch *batch)
{
	size_t count = batch->variant_count;

	for (size_t p = 0; p < batch->count; p++)
		count += batch->products[p]->image_count;
	return count;
}

static size_t list_wishes(struct import_batch *batch, struct wish wishes[])
{
	size_t count = 0;

	for (size_t p = 0; p < batch->count; p++) {
		struct import_product *product = batch->products[p];

		for (size_t i = 0; i < product->image_count; i++)
			wishes[count++] =
			    (struct wish){product->images[i].url, &product->images[i].facts};
		for (size_t v = 0; v < product->variant_count; v++) {
			struct import_variant *variant = &product->variants[v];

			if (variant->image != NULL && variant->image[0] != 0)
				wishes[count++] =
				    (struct wish){variant->image, &variant->image_facts};
		}
	}
	return count;
}

static int compare(const void *a, const void *b)
{
	return strcmp(((const struct wish *)a)->url, ((const struct wish *)b)->url);
}

void import_fetch(struct db *tx, struct import_batch *batch)
{
	struct arena *arena = db_task(tx)->arena;
	size_t room = count_wishes(batch), distinct = 0;
	struct wish *wishes = arena_array(arena, room, sizeof(wishes[0]));
	const char **urls = arena_array(arena, room, sizeof(urls[0]));
	size_t count = list_wishes(batch, wishes);
	const char *const *facts;

	assert(count <= room);
	if (count == 0)
		return;
	qsort(wishes, count, sizeof(wishes[0]), compare);
	for (size_t i = 0; i < count; i++)
		if (i == 0 || strcmp(wishes[i].url, wishes[i - 1].url) != 0)
			urls[distinct++] = wishes[i].url;
	facts = media_by_url(tx, UPLOAD_PURPOSE_PRODUCT_IMAGE, distinct, urls);
	for (size_t i = 0, at = 0; i < count; i++) {
		if (i > 0 && strcmp(wishes[i].url, wishes[i - 1].url) != 0)
			at++;
		*wishes[i].facts = facts[at];
	}
}
