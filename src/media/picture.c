#include "media/picture.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "media/look.h"
#include "media/thumbhash.h"

_Static_assert((int)MEDIA_THUMBHASH_MAX == (int)THUMBHASH_BYTES_MAX, "a hash fits into an answer");

enum media_failure picture_failure(enum media_failure otherwise)
{
	bool memory = strstr(vips_error_buffer(), "out of memory") != NULL;

	vips_error_clear();
	return memory ? MEDIA_TOO_COMPLEX : otherwise;
}

/* What is decoded. */
struct encoded {
	enum media_type type;
	const uint8_t *bytes;
	size_t length;
	int shrink;         /* of JPEG */
	double scale;       /* of WebP */
	VipsFailOn fail_on; /* of JPEG */
};

/* By the loader of the type, never by the one that libvips would choose. Pixels are decoded when
 * they are used; a part that is missing is an error then. */
static VipsImage *load(const struct encoded *encoded)
{
	void *data = (void *)(uintptr_t)encoded->bytes;
	size_t length = encoded->length;
	VipsImage *image = NULL;

	assert(media_is_picture(encoded->type) && length > 0);
	switch (encoded->type) {
	case MEDIA_JPEG:
		assert(encoded->shrink == 1 || encoded->shrink == 2 || encoded->shrink == 4 ||
		       encoded->shrink == 8);
		vips_jpegload_buffer(data, length, &image, "shrink", encoded->shrink, "access",
		                     VIPS_ACCESS_SEQUENTIAL, "fail_on", encoded->fail_on, NULL);
		break;
	case MEDIA_PNG:
		vips_pngload_buffer(data, length, &image, "access", VIPS_ACCESS_SEQUENTIAL,
		                    "fail_on", VIPS_FAIL_ON_ERROR, NULL);
		break;
	case MEDIA_WEBP:
		assert(encoded->scale > 0 && encoded->scale <= 1);
		vips_webpload_buffer(data, length, &image, "scale", encoded->scale, "access",
		                     VIPS_ACCESS_SEQUENTIAL, "fail_on", VIPS_FAIL_ON_ERROR, NULL);
		break;
	case MEDIA_GIF:
		vips_gifload_buffer(data, length, &image, "access", VIPS_ACCESS_SEQUENTIAL,
		                    "fail_on", VIPS_FAIL_ON_ERROR, NULL);
		break;
	default:
		vips_heifload_buffer(data, length, &image, "access", VIPS_ACCESS_SEQUENTIAL,
		                     "fail_on", VIPS_FAIL_ON_ERROR, NULL);
		break;
	}
	return image;
}

/* A collection of HEIC has several pictures, of which the first is meant; it does not move. */
static uint32_t count_frames(enum media_type type, VipsImage *image)
{
	int frames = 1;

	if ((type == MEDIA_GIF || type == MEDIA_WEBP) &&
	    vips_image_get_typeof(image, VIPS_META_N_PAGES) != 0 &&
	    vips_image_get_int(image, VIPS_META_N_PAGES, &frames) != 0)
		vips_error_clear();
	return frames < 1 ? 1 : (uint32_t)frames;
}

/* What the header says; orientations 5 to 8 are on their side. */
static enum media_failure read_header(const struct media_request *request, enum media_type type,
                                      const uint8_t *bytes, struct media_facts *facts)
{
	VipsImage *image = load(&(struct encoded){.type = type,
	                                          .bytes = bytes,
	                                          .length = request->bytes,
	                                          .shrink = 1,
	                                          .scale = 1,
	                                          .fail_on = VIPS_FAIL_ON_ERROR});
	bool aside;

	if (image == NULL)
		return picture_failure(MEDIA_DAMAGED);
	assert(image->Xsize > 0 && image->Ysize > 0);
	aside = vips_image_get_orientation(image) >= 5;
	facts->type = type;
	facts->width = (uint32_t)(aside ? image->Ysize : image->Xsize);
	facts->height = (uint32_t)(aside ? image->Xsize : image->Ysize);
	facts->frames = count_frames(type, image);
	g_object_unref(image);
	if ((uint64_t)facts->width * facts->height > request->max_pixels)
		return MEDIA_TOO_MANY_PIXELS;
	return facts->frames > request->max_frames ? MEDIA_TOO_MANY_FRAMES : 0;
}

/* No rendition is wider than the picture, or so wide that it would be too tall. */
static void choose_widths(const struct media_request *request, struct media_facts *facts)
{
	uint64_t limit = (uint64_t)LIMIT_MEDIA_HEIGHT * facts->width / facts->height;
	uint32_t widest = request->widths[request->widths_count - 1];

	if (widest > facts->width)
		widest = facts->width;
	if (widest > limit)
		widest = limit == 0 ? 1 : (uint32_t)limit;
	facts->widths_count = 0;
	for (uint32_t i = 0; i < request->widths_count && request->widths[i] < widest; i++)
		facts->widths[facts->widths_count++] = request->widths[i];
	facts->widths[facts->widths_count++] = widest;
	assert(widest > 0 && facts->widths_count <= MEDIA_WIDTHS_MAX);
}

uint32_t picture_height(const struct media_facts *facts, uint32_t width)
{
	uint64_t height = ((uint64_t)facts->height * width + facts->width / 2) / facts->width;

	assert(width > 0 && width <= facts->width);
	if (height > LIMIT_MEDIA_HEIGHT) /* of one pixel's width, or by rounding */
		height = LIMIT_MEDIA_HEIGHT;
	return height == 0 ? 1 : (uint32_t)height;
}

/* libjpeg decodes to a half, a quarter or an eighth for less than the whole costs. */
static int choose_shrink(const struct media_facts *facts, uint32_t widest)
{
	uint32_t shrink = 1;

	assert(widest > 0);
	while (facts->type == MEDIA_JPEG && shrink < 8 && facts->width / (2 * shrink) >= widest &&
	       facts->height / (2 * shrink) > 0)
		shrink *= 2;
	return (int)shrink;
}

/* libwebp has the whole picture in memory, and one that does not move it scales before that. Twice
 * what is needed, so that the last step is ours, as for JPEG. */
static double choose_scale(const struct media_facts *facts, uint32_t widest)
{
	double scale = 2.0 * widest / facts->width;
	bool may_scale = facts->type == MEDIA_WEBP && facts->frames == 1;

	assert(widest > 0);
	return may_scale && scale < 1 && facts->height * scale >= 1 ? scale : 1;
}

static bool has_own_colours(VipsImage *image)
{
	return vips_image_get_typeof(image, VIPS_META_ICC_NAME) != 0 ||
	       vips_image_get_interpretation(image) == VIPS_INTERPRETATION_CMYK;
}

/* Where the colour profile is broken the picture is taken as sRGB. */
static VipsImage *turn_and_convert(VipsImage *loaded, uint32_t width, uint32_t height)
{
	VipsImage *scaled = NULL, *image = NULL;
	int status;

	if (has_own_colours(loaded))
		status = vips_thumbnail_image(loaded, &scaled, (int)width, "height", (int)height,
		                              "size", VIPS_SIZE_FORCE, "export_profile", "srgb",
		                              "intent", VIPS_INTENT_RELATIVE, NULL);
	else
		status = vips_thumbnail_image(loaded, &scaled, (int)width, "height", (int)height,
		                              "size", VIPS_SIZE_FORCE, NULL);
	if (status != 0)
		return NULL;
	vips_colourspace(scaled, &image, VIPS_INTERPRETATION_sRGB, NULL);
	g_object_unref(scaled);
	return image;
}

static void *drop_field(VipsImage *image, const char *name, GValue *value, void *unused)
{
	vips_image_remove(image, name);
	return NULL;
}

/* Into memory, once: nothing but pixels. */
static VipsImage *keep_pixels(VipsImage *image)
{
	VipsImage *bare = NULL, *kept = NULL;

	if (image->Bands <= 4 ? vips_copy(image, &bare, NULL) == 0
	                      : vips_extract_band(image, &bare, 0, "n", 4, NULL) == 0)
		kept = vips_image_copy_memory(bare);
	VIPS_UNREF(bare);
	if (kept != NULL)
		vips_image_map(kept, drop_field, NULL);
	return kept;
}

static enum media_failure decode_once(const struct encoded *encoded, struct picture *picture)
{
	const struct media_facts *facts = &picture->facts;
	uint32_t widest = facts->widths[facts->widths_count - 1];
	VipsImage *loaded = load(encoded);
	VipsImage *upright =
	    loaded == NULL ? NULL : turn_and_convert(loaded, widest, picture_height(facts, widest));

	picture->image = upright == NULL ? NULL : keep_pixels(upright);
	VIPS_UNREF(upright);
	VIPS_UNREF(loaded);
	assert(picture->image == NULL ||
	       (picture->image->Xsize == (int)widest && picture->image->Bands <= 4));
	return picture->image == NULL ? picture_failure(MEDIA_DAMAGED) : 0;
}

/* A JPEG without its end marker, as some programs cut it, shows all that it has in browsers. With
 * one it is decoded to the end if no pixel is missing; otherwise libjpeg warns. */
static enum media_failure decode_ended(const struct encoded *encoded, struct picture *picture)
{
	static const uint8_t END[] = {0xff, 0xd9};
	struct encoded ended = *encoded;
	uint8_t *bytes = malloc(encoded->length + sizeof(END));
	enum media_failure failure;

	assert(encoded->type == MEDIA_JPEG && picture->image == NULL);
	if (bytes == NULL)
		return MEDIA_TOO_COMPLEX;
	memcpy(bytes, encoded->bytes, encoded->length);
	memcpy(bytes + encoded->length, END, sizeof(END));
	ended.bytes = bytes;
	ended.length += sizeof(END);
	ended.fail_on = VIPS_FAIL_ON_WARNING;
	failure = decode_once(&ended, picture);
	if (failure == 0 && vips_error_buffer()[0] != '\0') { /* a warning of the last rows */
		picture_close(picture);
		failure = picture_failure(MEDIA_DAMAGED);
	}
	free(bytes);
	return failure;
}

static enum media_failure decode(const struct media_request *request, const uint8_t *bytes,
                                 struct picture *picture)
{
	const struct media_facts *facts = &picture->facts;
	const struct encoded encoded = {
	    .type = facts->type,
	    .bytes = bytes,
	    .length = request->bytes,
	    .shrink = choose_shrink(facts, facts->widths[facts->widths_count - 1]),
	    .scale = choose_scale(facts, facts->widths[facts->widths_count - 1]),
	    .fail_on = VIPS_FAIL_ON_ERROR,
	};
	enum media_failure failure = decode_once(&encoded, picture);

	return failure == MEDIA_DAMAGED && facts->type == MEDIA_JPEG
	           ? decode_ended(&encoded, picture)
	           : failure;
}

VipsImage *picture_scale(VipsImage *image, uint32_t width, uint32_t height)
{
	VipsImage *scaled = NULL, *kept;

	if (vips_thumbnail_image(image, &scaled, (int)width, "height", (int)height, "size",
	                         VIPS_SIZE_FORCE, "no_rotate", TRUE, NULL) != 0)
		return NULL;
	kept = vips_image_copy_memory(scaled);
	g_object_unref(scaled);
	assert(kept == NULL || (kept->Xsize == (int)width && kept->Ysize == (int)height));
	return kept;
}

/* At most THUMBHASH_SIDE_MAX on each side, with alpha. */
static VipsImage *shrink_to_glance(VipsImage *image)
{
	int longer = image->Xsize > image->Ysize ? image->Xsize : image->Ysize;
	int most = longer < THUMBHASH_SIDE_MAX ? longer : THUMBHASH_SIDE_MAX;
	int width = VIPS_MAX(1, image->Xsize * most / longer);
	int height = VIPS_MAX(1, image->Ysize * most / longer);
	VipsImage *small = picture_scale(image, (uint32_t)width, (uint32_t)height);
	VipsImage *with_alpha = NULL, *kept = NULL;

	if (small == NULL || vips_image_hasalpha(small))
		return small;
	if (vips_bandjoin_const1(small, &with_alpha, 255, NULL) == 0)
		kept = vips_image_copy_memory(with_alpha);
	g_object_unref(small);
	VIPS_UNREF(with_alpha);
	return kept;
}

static enum media_failure glance(struct picture *picture)
{
	VipsImage *small = shrink_to_glance(picture->image);
	struct media_facts *facts = &picture->facts;
	uint32_t width, height;
	const uint8_t *rgba;

	if (small == NULL)
		return picture_failure(MEDIA_TOO_COMPLEX);
	assert(small->Bands == 4 && small->BandFmt == VIPS_FORMAT_UCHAR);
	width = (uint32_t)small->Xsize;
	height = (uint32_t)small->Ysize;
	rgba = (const uint8_t *)VIPS_IMAGE_ADDR(small, 0, 0);
	facts->thumbhash_length = (uint32_t)thumbhash(width, height, rgba, facts->thumbhash);
	assert(facts->thumbhash_length > 0 && facts->thumbhash_length <= THUMBHASH_BYTES_MAX);
	facts->color = look_color(width, height, rgba);
	facts->near_hash = look_near_hash(width, height, rgba);
	g_object_unref(small);
	return 0;
}

enum media_failure picture_open(const struct media_request *request, enum media_type type,
                                const uint8_t *bytes, struct picture *ret)
{
	struct picture picture = {.image = NULL};
	enum media_failure failure = read_header(request, type, bytes, &picture.facts);

	if (failure != 0)
		return failure;
	choose_widths(request, &picture.facts);
	failure = decode(request, bytes, &picture);
	if (failure == 0)
		failure = glance(&picture);
	if (failure != 0)
		picture_close(&picture);
	else
		*ret = picture;
	return failure;
}

void picture_close(struct picture *picture)
{
	VIPS_UNREF(picture->image);
}
