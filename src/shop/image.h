/*
 * image: pictures as tables and events keep them, and as answers show them (the contract's Image).
 *
 * Kept is JSON, {"url", "alt", "image_facts"}: the original address or null, and what is known of
 * the upload, or null while there is none. Of an upload that is still to be fetched from the
 * address only its id is known. So whoever refers to a picture has all that its readers
 * need, and no read joins the table of uploads.
 */
#ifndef SEBEZ_SHOP_IMAGE_H
#define SEBEZ_SHOP_IMAGE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/json.h"

/* Writes JSON of the database, in which pictures at any depth become Images. */
void image_write_json(struct json *json, const char *text, size_t length);

/* Where a rendition is read; the text outlives the JSON. */
typedef const char *image_url_fn(void *arg, const char *group, int64_t width, const char *format);

/* Image of a ready upload with these facts (upload_facts()), without an original address. */
void image_write_facts(struct json *json, const json_t *facts, const char *alt,
                       image_url_fn *url_of, void *arg);

/* "key": Image of the kept text, or null for NULL. */
void image_put(struct json *json, const char *key, const char *kept);

/* Writes a picture as it is kept. url may be NULL when there are facts, the JSON of an upload's
 * (media_find), or NULL; alt NULL: none. */
void image_keep(struct json *json, const char *url, const char *alt, const char *facts);

/* Of a kept picture: its original address, or where its best rendition is read; origin: of our own
 * server. */
const char *image_address(struct arena *arena, const char *origin, const json_t *image);
bool image_is_at(const json_t *image, const char *address);

#endif
