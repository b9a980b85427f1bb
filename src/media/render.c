#include "media/render.h"

#include <assert.h>

#include "base/limits.h"
#include "media/webp_bare.h"

enum {
	JPEG_QUALITY = 80,
	WEBP_QUALITY = 78,
	WEBP_EFFORT = 2,
	AVIF_QUALITY = 55,
	AVIF_EFFORT = 1, /* more is many times slower, and not visibly smaller */
};

static int save_opaque_jpeg(VipsImage *image, void **ret_bytes, size_t *ret_length)
{
	return vips_jpegsave_buffer(image, ret_bytes, ret_length, "Q", JPEG_QUALITY, "strip", TRUE,
	                            NULL);
}

/* JPEG has no alpha: on white. */
static int save_jpeg(VipsImage *image, void **ret_bytes, size_t *ret_length)
{
	VipsImage *flat = NULL;
	VipsArrayDouble *white;
	int status;

	if (!vips_image_hasalpha(image))
		return save_opaque_jpeg(image, ret_bytes, ret_length);
	white = vips_array_double_newv(1, 255.0);
	status = vips_flatten(image, &flat, "background", white, NULL);
	if (status == 0)
		status = save_opaque_jpeg(flat, ret_bytes, ret_length);
	VIPS_UNREF(flat);
	vips_area_unref(VIPS_AREA(white));
	return status;
}

static int save_webp(VipsImage *image, void **ret_bytes, size_t *ret_length)
{
	if (vips_webpsave_buffer(image, ret_bytes, ret_length, "Q", WEBP_QUALITY, "effort",
	                         WEBP_EFFORT, "strip", TRUE, NULL) != 0)
		return -1;
	/* libvips adds EXIF of its own. */
	*ret_length = webp_bare(*ret_bytes, *ret_length);
	return 0;
}

static int save(VipsImage *image, enum media_format format, void **ret_bytes, size_t *ret_length)
{
	switch (format) {
	case MEDIA_AS_JPEG:
		return save_jpeg(image, ret_bytes, ret_length);
	case MEDIA_AS_WEBP:
		return save_webp(image, ret_bytes, ret_length);
	default:
		return vips_heifsave_buffer(image, ret_bytes, ret_length, "Q", AVIF_QUALITY,
		                            "effort", AVIF_EFFORT, "compression",
		                            VIPS_FOREIGN_HEIF_COMPRESSION_AV1, "strip", TRUE, NULL);
	}
}

static enum media_failure render_one(const struct media_request *request, VipsImage *image,
                                     enum media_format format, const struct examine_sink *sink)
{
	struct media_rendition rendition = {
	    .format = format, .width = (uint32_t)image->Xsize, .height = (uint32_t)image->Ysize};
	void *bytes = NULL;
	size_t length = 0;

	assert(rendition.width <= LIMIT_MEDIA_WIDTH && rendition.height <= LIMIT_MEDIA_HEIGHT);
	if (save(image, format, &bytes, &length) != 0)
		return picture_failure(MEDIA_TOO_COMPLEX);
	if (length <= LIMIT_MEDIA_RENDITION_BYTES) {
		assert(bytes != NULL && length > 0);
		rendition.bytes = (uint32_t)length;
		sink->rendition(request, &rendition, bytes);
	}
	g_free(bytes);
	return length <= LIMIT_MEDIA_RENDITION_BYTES ? 0 : MEDIA_TOO_COMPLEX;
}

static enum media_failure render_formats(const struct media_request *request, VipsImage *image,
                                         const struct examine_sink *sink)
{
	enum media_failure failure = 0;

	for (int format = 0; failure == 0 && format < MEDIA_FORMAT_COUNT; format++)
		if ((MEDIA_SET(format) & request->formats) != 0)
			failure = render_one(request, image, (enum media_format)format, sink);
	return failure;
}

/* Each width is made of the next larger one, which has all that it can show. */
enum media_failure render(const struct media_request *request, struct picture *picture,
                          const struct examine_sink *sink)
{
	const struct media_facts *facts = &picture->facts;
	enum media_failure failure = 0;

	assert(picture->image != NULL && facts->widths_count > 0);
	assert(facts->widths[facts->widths_count - 1] == (uint32_t)picture->image->Xsize);
	if (request->formats == 0)
		return 0;
	failure = render_formats(request, picture->image, sink);
	for (uint32_t i = facts->widths_count - 1; failure == 0 && i > 0; i--) {
		uint32_t width = facts->widths[i - 1];
		VipsImage *smaller =
		    picture_scale(picture->image, width, picture_height(facts, width));

		if (smaller == NULL)
			return picture_failure(MEDIA_TOO_COMPLEX);
		assert(smaller->Xsize < picture->image->Xsize);
		g_object_unref(picture->image);
		picture->image = smaller;
		failure = render_formats(request, smaller, sink);
	}
	return failure;
}
