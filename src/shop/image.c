#include "shop/image.h"

#include <assert.h>
#include <jansson.h>
#include <string.h>

#include "base/json_tree.h"
#include "shop/media/media.h"

static const char FACTS[] = "image_facts"; /* the member that makes an object a kept picture */

static const char *text_of(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

/* The renditions' best single choice: sharp on phones, half of the largest's bytes. */
enum { BEST_WIDTH = 1280 };

static int64_t best_width(const json_t *facts)
{
	const json_t *widths = json_object_get(facts, "widths");
	int64_t best = 0;

	for (size_t i = 0; i < json_array_size(widths); i++) {
		int64_t width = json_integer_value(json_array_get(widths, i));

		if (best == 0 || (width > best && width <= BEST_WIDTH))
			best = width;
	}
	assert(best > 0);
	return best;
}

static void put_kept(struct json *json, const json_t *facts, const char *key)
{
	const json_t *value = json_object_get(facts, key);

	json_key(json, key);
	json_is_integer(value) ? json_int(json, json_integer_value(value))
	                       : json_str(json, json_string_value(value));
}

/* Of pictures that everybody may see; arg: the arena. */
static const char *public_url(void *arg, const char *group, int64_t width, const char *format)
{
	return media_url(arg, group, width, format);
}

static void write_variants(struct json *json, const json_t *facts, image_url_fn *url_of, void *arg)
{
	const json_t *widths = json_object_get(facts, "widths");
	const json_t *formats = json_object_get(facts, "formats");

	json_open_array(json);
	for (size_t w = 0; w < json_array_size(widths); w++) {
		int64_t width = json_integer_value(json_array_get(widths, w));

		for (size_t f = 0; f < json_array_size(formats); f++) {
			const char *format = json_string_value(json_array_get(formats, f));

			json_open_object(json);
			json_put_str(json, "url",
			             url_of(arg, text_of(facts, "group"), width, format));
			json_put_int(json, "width", width);
			json_put_str(json, "format", format);
			json_close_object(json);
		}
	}
	json_close_array(json);
}

/* url, alt: of the kept picture; facts: null while there are none. */
static void write_image(struct json *json, const char *url, const char *alt, const json_t *facts,
                        image_url_fn *url_of, void *arg)
{
	static const char *const KEPT[] = {"width", "height", "thumbhash", "color"};
	const char *group = text_of(facts, "group");

	if (group == NULL) /* not fetched yet */
		facts = NULL;
	json_open_object(json);
	put_kept(json, facts, "id");
	json_put_str(json, "url",
	             group == NULL ? url : url_of(arg, group, best_width(facts), "jpg"));
	json_put_str(json, "alt", alt);
	for (size_t i = 0; i < sizeof(KEPT) / sizeof(KEPT[0]); i++)
		put_kept(json, facts, KEPT[i]);
	json_key(json, "variants");
	write_variants(json, facts, url_of, arg);
	json_close_object(json);
}

void image_write_facts(struct json *json, const json_t *facts, const char *alt,
                       image_url_fn *url_of, void *arg)
{
	assert(json_is_object(facts));
	write_image(json, NULL, alt, facts, url_of, arg);
}

static void write_value(struct json *json, const json_t *value);

static void write_object(struct json *json, const json_t *object)
{
	const json_t *facts = json_object_get(object, FACTS);
	const char *key;
	json_t *value;

	if (json_is_null(facts) || json_is_object(facts)) { /* names of options have texts */
		write_image(json, text_of(object, "url"), text_of(object, "alt"), facts, public_url,
		            json->buf->arena);
		return;
	}
	json_open_object(json);
	json_object_foreach((json_t *)object, key, value)
	{
		json_key_any(json, key);
		write_value(json, value);
	}
	json_close_object(json);
}

static void write_value(struct json *json, const json_t *value)
{
	switch (json_typeof(value)) {
	case JSON_OBJECT:
		write_object(json, value);
		return;
	case JSON_ARRAY:
		json_open_array(json);
		for (size_t i = 0; i < json_array_size(value); i++)
			write_value(json, json_array_get(value, i));
		json_close_array(json);
		return;
	case JSON_STRING:
		json_strn(json, json_string_value(value), json_string_length(value));
		return;
	case JSON_INTEGER:
		json_int(json, json_integer_value(value));
		return;
	case JSON_REAL:
		json_double(json, json_real_value(value));
		return;
	case JSON_TRUE:
	case JSON_FALSE:
		json_bool(json, json_is_true(value));
		return;
	case JSON_NULL:
		json_nil(json);
		return;
	}
	assert(false); /* every type of JSON is written */
}

void image_write_json(struct json *json, const char *text, size_t length)
{
	json_t *value;

	if (memmem(text, length, FACTS, sizeof(FACTS) - 1) == NULL) {
		json_raw(json, text, length);
		return;
	}
	value = json_loadb(text, length, JSON_DECODE_ANY, NULL);
	assert(value != NULL); /* PostgreSQL's */
	write_value(json, value);
	json_decref(value);
}

void image_put(struct json *json, const char *key, const char *kept)
{
	json_key(json, key);
	if (kept == NULL)
		json_nil(json);
	else
		image_write_json(json, kept, strlen(kept));
}

void image_keep(struct json *json, const char *url, const char *alt, const char *facts)
{
	assert(url != NULL || facts != NULL);
	json_open_object(json);
	json_put_str(json, "url", url);
	json_put_str(json, "alt", alt != NULL ? alt : "");
	json_key(json, FACTS);
	if (facts != NULL)
		json_raw(json, facts, strlen(facts));
	else
		json_nil(json);
	json_close_object(json);
}

const char *image_address(struct arena *arena, const char *origin, const json_t *image)
{
	const json_t *facts = json_object_get(image, FACTS);
	const char *url = text_of(image, "url");

	if (url != NULL || !json_is_object(facts))
		return url;
	url = media_url(arena, text_of(facts, "group"), best_width(facts), "jpg");
	return url[0] == '/' ? arena_printf(arena, "%s%s", origin, url) : url;
}

bool image_is_at(const json_t *image, const char *address)
{
	const char *url = text_of(image, "url");
	const char *group = text_of(json_object_get(image, FACTS), "group");

	return (url != NULL && strcmp(url, address) == 0) ||
	       (group != NULL && strstr(address, group) != NULL);
}
