/*
 * staff_text: checks that an export and import preserve the texts of a product and its variants.
 */
#include <string.h>

#include "shop/catalog/staff.h"
#include "shop/catalog/text.h"

bool staff_check_plain(struct check *check, const char *text)
{
	return text == NULL || !text_has_control(text) ||
	       check_wrong(check, "control", "must not have control characters");
}

static void check_plain(struct check *check, const char *key, const char *text)
{
	size_t outer = check_enter(check, key);

	(void)staff_check_plain(check, text);
	check_leave(check, outer);
}

static void check_tags(struct check *check, size_t count, const char *const tags[])
{
	size_t outer = check_enter(check, "tags");

	for (size_t i = 0; i < count; i++) {
		size_t list = check_enter_item(check, i);

		if (strchr(tags[i], ',') != NULL)
			check_wrong(check, "comma", "must not have a comma, which separates tags");
		(void)staff_check_plain(check, tags[i]);
		for (size_t before = 0; before < i; before++)
			if (strcmp(tags[before], tags[i]) == 0) {
				check_wrong(check, "unique", "must be unique");
				break;
			}
		check_leave(check, list);
	}
	check_leave(check, outer);
}

static bool are_same(const struct image_input_in *a, const struct image_input_in *b)
{
	if (a->upload_id != NULL && b->upload_id != NULL)
		return uuid_equal(*a->upload_id, *b->upload_id);
	return a->url != NULL && b->url != NULL && strcmp(a->url, b->url) == 0;
}

void staff_check_image(struct check *check, const struct image_input_in *image)
{
	size_t outer;

	check_plain(check, "alt", image->alt);
	if ((image->upload_id == NULL) != (image->url == NULL))
		return;
	outer = check_enter(check, "upload_id");
	check_wrong(check, "exactly_one", "must be given, or url, but not both");
	check_leave(check, outer);
}

static void check_images(struct check *check, size_t count, const struct image_input_in images[])
{
	size_t outer = check_enter(check, "images");

	for (size_t i = 0; i < count; i++) {
		size_t list = check_enter_item(check, i), item;

		staff_check_image(check, &images[i]);
		item = check_enter(check, images[i].url != NULL ? "url" : "upload_id");
		for (size_t before = 0; before < i; before++)
			if (are_same(&images[before], &images[i])) {
				check_wrong(check, "unique", "is used by another image");
				break;
			}
		check_leave(check, item);
		check_leave(check, list);
	}
	check_leave(check, outer);
}

void staff_check_texts(struct check *check, const struct staff_texts *texts)
{
	check_plain(check, "title", texts->title);
	check_plain(check, "description", texts->description);
	check_plain(check, "product_type", texts->product_type);
	check_tags(check, texts->tag_count, texts->tags);
	check_images(check, texts->image_count, texts->images);
}

void staff_check_variant(struct check *check, const char *sku, const char *barcode,
                         const struct image_input_in *image)
{
	size_t outer;

	check_plain(check, "sku", sku);
	check_plain(check, "barcode", barcode);
	if (image == NULL)
		return;
	outer = check_enter(check, "image");
	staff_check_image(check, image);
	check_leave(check, outer);
}
