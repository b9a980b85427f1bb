/*
 * staff_image: the pictures that a vendor's staff gives to its products and variants.
 */
#include <assert.h>
#include <string.h>

#include "base/limits.h"
#include "shop/catalog/staff.h"
#include "shop/image.h"
#include "shop/media/media.h"

/* url: where it is elsewhere, also of an upload that was fetched: a file that names it means the
 * same picture. */
static const char *kept(struct arena *arena, const struct image_input_in *image, const char *url,
                        const char *facts)
{
	struct buf buf = buf_new(arena, 256);
	struct json json = json_new(&buf);

	image_keep(&json, url, image->alt, facts);
	return buf.data;
}

/* Where the field of an upload_id is: before alone, or before, its place and after. */
struct image_field {
	const char *before, *after;
};

/* The facts of those with a URL, in order. A variant may show what its product does. */
static const char *const *facts_by_url(struct db *db, size_t count,
                                       const struct image_input_in *const images[])
{
	struct arena *arena = db_task(db)->arena;
	const char **urls = arena_array(arena, count, sizeof(urls[0]));
	const char **ret = arena_array(arena, count, sizeof(ret[0]));
	size_t *of = arena_array(arena, count, sizeof(of[0]));
	const char *const *facts;
	size_t named = 0, distinct = 0;

	for (size_t i = 0; i < count; i++) {
		size_t at = 0;

		if (images[i] == NULL || images[i]->url == NULL)
			continue;
		while (at < distinct && strcmp(urls[at], images[i]->url) != 0)
			at++;
		if (at == distinct)
			urls[distinct++] = images[i]->url;
		of[named++] = at;
	}
	facts = media_by_url(db, UPLOAD_PURPOSE_PRODUCT_IMAGE, distinct, urls);
	for (size_t i = 0; i < named; i++)
		ret[i] = facts[of[i]];
	return ret;
}

static const char *const *keep_images(struct db *db, size_t count,
                                      const struct image_input_in *const images[],
                                      const struct image_field *field)
{
	struct arena *arena = db_task(db)->arena;
	struct media_name *names = arena_array(arena, count, sizeof(names[0]));
	const char **ret = arena_array(arena, count, sizeof(ret[0]));
	const struct media_file *found;
	const char *const *by_url;
	size_t named = 0;

	for (size_t i = 0; i < count; i++)
		if (images[i] != NULL && images[i]->upload_id != NULL)
			names[named++] = (struct media_name){
			    .id = *images[i]->upload_id,
			    .field = field->after == NULL
			                 ? field->before
			                 : arena_printf(arena, "%s%zu%s", field->before, i,
			                                field->after),
			};
	found = media_find_files(db, UPLOAD_PURPOSE_PRODUCT_IMAGE, named, names);
	by_url = facts_by_url(db, count, images);
	for (size_t i = 0; i < count; i++) {
		if (images[i] == NULL)
			continue;
		if (images[i]->upload_id != NULL) {
			ret[i] = kept(arena, images[i], found->source_url, found->facts);
			found++;
		} else {
			ret[i] = kept(arena, images[i], images[i]->url, *by_url++);
		}
	}
	return ret;
}

const char *const *staff_variant_images(struct db *db, size_t count,
                                        const struct create_variant_input_in variants[])
{
	static const struct image_field FIELD = {"/variants/", "/image/upload_id"};
	const struct image_input_in **images =
	    arena_array(db_task(db)->arena, count, sizeof(images[0]));

	assert(count <= LIMIT_PRODUCT_VARIANTS);
	for (size_t i = 0; i < count; i++)
		images[i] = variants[i].image;
	return keep_images(db, count, images, &FIELD);
}

const char *staff_variant_image(struct db *db, const struct image_input_in *image)
{
	static const struct image_field FIELD = {"/image/upload_id", NULL};

	return keep_images(db, 1, &image, &FIELD)[0];
}

const char *staff_product_images(struct db *db, size_t count, const struct image_input_in images[])
{
	static const struct image_field FIELD = {"/images/", "/upload_id"};
	struct arena *arena = db_task(db)->arena;
	const struct image_input_in **each = arena_array(arena, count, sizeof(each[0]));
	struct buf buf = buf_new(arena, 256);
	struct json json = json_new(&buf);
	const char *const *texts;

	assert(count <= LIMIT_PRODUCT_IMAGES);
	for (size_t i = 0; i < count; i++)
		each[i] = &images[i];
	texts = keep_images(db, count, each, &FIELD);
	json_open_array(&json);
	for (size_t i = 0; i < count; i++)
		json_raw(&json, texts[i], strlen(texts[i]));
	json_close_array(&json);
	return buf.data;
}
