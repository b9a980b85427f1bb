#include "shop/image.h"

#include <assert.h>
#include <jansson.h>
#include <string.h>

static const char FACTS[] = "image_facts"; /* the member that makes an object a kept picture */

static const char *text_of(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

static void write_image(struct json *json, const json_t *image)
{
	static const char *const NULLS[] = {"width", "height", "thumbhash", "color"};

	json_open_object(json);
	json_put_str(json, "id", NULL);
	json_put_str(json, "url", text_of(image, "url"));
	json_put_str(json, "alt", text_of(image, "alt"));
	for (size_t i = 0; i < sizeof(NULLS) / sizeof(NULLS[0]); i++)
		json_put_str(json, NULLS[i], NULL);
	json_key(json, "variants");
	json_open_array(json);
	json_close_array(json);
	json_close_object(json);
}

static void write_value(struct json *json, const json_t *value);

static void write_object(struct json *json, const json_t *object)
{
	const json_t *facts = json_object_get(object, FACTS);
	const char *key;
	json_t *value;

	if (json_is_null(facts) || json_is_object(facts)) { /* names of options have texts */
		write_image(json, object);
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
	assert(!"every type of JSON is written");
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

void image_keep_url(struct json *json, const char *url, const char *alt)
{
	assert(url != NULL);
	json_open_object(json);
	json_put_str(json, "url", url);
	json_put_str(json, "alt", alt != NULL ? alt : "");
	json_put_str(json, FACTS, NULL);
	json_close_object(json);
}
