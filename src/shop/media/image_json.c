/*
 * The schema Image.
 */
#include <assert.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shop/media/media.h"
#include "shop/media/upload.h"

enum {
	BEST_WIDTH = 1280, /* of the single choice: sharp on phones, half of the largest's bytes */
	THUMBHASH_BYTES_MAX = 64,
};

static const char *url_of(struct task *task, const char *origin, const struct media_image *image,
                          long width, const char *format, size_t format_length)
{
	const char *key = arena_printf(task->arena, "%s%s/%ld.%.*s",
	                               image->is_private ? OBJECTS_PRIVATE : OBJECTS_PUBLIC,
	                               image->object_group, width, (int)format_length, format);
	const char *url;
	int rc;

	if (!image->is_private)
		return objects_url(media_objects(), task->arena, origin, key);
	rc = objects_presign_get(media_objects(), task->arena, origin, key, LIMIT_PRIVATE_LINK_S,
	                         task->deadline_ms, &url);
	if (rc < 0)
		media_end_store(task, rc);
	return url;
}

/* The next item of an array as PostgreSQL writes it, or NULL. */
static const char *next_item(const char **at, size_t *ret_length)
{
	const char *item = *at + strspn(*at, "{,");

	*ret_length = strcspn(item, ",}");
	*at = item + *ret_length;
	return *ret_length > 0 ? item : NULL;
}

static long best_width(const char *widths)
{
	const char *item;
	size_t length;
	long best = 0;

	while ((item = next_item(&widths, &length)) != NULL) {
		long width = strtol(item, NULL, 10);

		if (best == 0 || (width > best && width <= BEST_WIDTH))
			best = width;
	}
	assert(best > 0);
	return best;
}

static void put_variants(struct task *task, const char *origin, struct json *json,
                         const struct media_image *image)
{
	const char *widths = image->widths, *width;
	size_t width_length, length;

	json_open_array(json);
	while ((width = next_item(&widths, &width_length)) != NULL) {
		const char *formats = image->formats, *format;
		long pixels = strtol(width, NULL, 10);

		while ((format = next_item(&formats, &length)) != NULL) {
			json_open_object(json);
			json_put_str(json, "url",
			             url_of(task, origin, image, pixels, format, length));
			json_put_int(json, "width", pixels);
			json_key(json, "format");
			json_strn(json, format, length);
			json_close_object(json);
		}
	}
	json_close_array(json);
}

static void put_thumbhash(struct json *json, const struct bytes *hash)
{
	char text[sodium_base64_ENCODED_LEN(THUMBHASH_BYTES_MAX, sodium_base64_VARIANT_ORIGINAL)];

	assert(hash->length <= THUMBHASH_BYTES_MAX);
	sodium_bin2base64(text, sizeof(text), hash->data, hash->length,
	                  sodium_base64_VARIANT_ORIGINAL);
	json_put_str(json, "thumbhash", text);
}

static void put_facts(struct task *task, const char *origin, struct json *json,
                      const struct media_image *image)
{
	char color[sizeof("#rrggbb")];

	assert(image->width != NULL && image->height != NULL && image->color != NULL);
	json_put_str(json, "url",
	             url_of(task, origin, image, best_width(image->widths), "jpg", strlen("jpg")));
	json_put_int(json, "width", *image->width);
	json_put_int(json, "height", *image->height);
	if (image->thumbhash != NULL)
		put_thumbhash(json, image->thumbhash);
	else
		json_put_str(json, "thumbhash", NULL);
	snprintf(color, sizeof(color), "#%06x", (unsigned)*image->color & 0xffffff);
	json_put_str(json, "color", color);
	json_key(json, "variants");
	put_variants(task, origin, json, image);
}

static void put_address_only(struct json *json, const char *url)
{
	json_put_str(json, "url", url);
	json_put_str(json, "width", NULL);
	json_put_str(json, "height", NULL);
	json_put_str(json, "thumbhash", NULL);
	json_put_str(json, "color", NULL);
	json_key(json, "variants");
	json_open_array(json);
	json_close_array(json);
}

const char *media_url(struct arena *arena, const char *group, int64_t width, const char *format)
{
	return objects_url(
	    media_objects(), arena, "",
	    arena_printf(arena, OBJECTS_PUBLIC "%s/%" PRId64 ".%s", group, width, format));
}

void media_put_image(struct task *task, const char *origin, struct json *json,
                     const struct media_image *image)
{
	bool ready = image->object_group != NULL;

	assert(ready || image->url != NULL);
	json_open_object(json);
	json_key(json, "id");
	if (ready)
		json_uuid(json, *image->id);
	else
		json_nil(json);
	json_put_str(json, "alt", image->alt != NULL ? image->alt : "");
	if (ready)
		put_facts(task, origin, json, image);
	else
		put_address_only(json, image->url);
	json_close_object(json);
}
