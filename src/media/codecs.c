#include "media/codecs.h"

#include <assert.h>
#include <glib.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <vips/vips.h>

#include "base/limits.h"
#include "media/examine.h"

enum { SIDE = 64 };

static int save_gif(VipsImage *image, void **bytes, size_t *length)
{
	return vips_gifsave_buffer(image, bytes, length, NULL);
}

static int save_png(VipsImage *image, void **bytes, size_t *length)
{
	return vips_pngsave_buffer(image, bytes, length, NULL);
}

static int save_jpeg(VipsImage *image, void **bytes, size_t *length)
{
	return vips_jpegsave_buffer(image, bytes, length, NULL);
}

static int save_webp(VipsImage *image, void **bytes, size_t *length)
{
	return vips_webpsave_buffer(image, bytes, length, NULL);
}

/* HEIC is decoded by the same library, which loads all its codecs at once. */
static int save_avif(VipsImage *image, void **bytes, size_t *length)
{
	return vips_heifsave_buffer(image, bytes, length, "compression",
	                            VIPS_FOREIGN_HEIF_COMPRESSION_AV1, "effort", 0, NULL);
}

static const struct codec {
	const char *name;
	int (*save)(VipsImage *image, void **bytes, size_t *length);
} CODECS[] = {{"JPEG", save_jpeg},
              {"PNG", save_png},
              {"WebP", save_webp},
              {"GIF", save_gif},
              {"AVIF", save_avif}};

static void ignore_facts(const struct media_request *request, const struct media_facts *facts)
{
}

static void ignore_rendition(const struct media_request *request,
                             const struct media_rendition *rendition, const void *bytes)
{
}

/* libraries' warnings about a picture: nobody reads them, and writing is not allowed. */
static GLogWriterOutput ignore_log(GLogLevelFlags level, const GLogField *fields, gsize count,
                                   gpointer unused)
{
	return G_LOG_WRITER_HANDLED;
}

static bool use(const struct codec *codec, VipsImage *image)
{
	static const struct examine_sink NOWHERE = {ignore_facts, ignore_rendition};
	struct media_request request = {.types = ~UINT32_C(0),
	                                .formats = MEDIA_SET(MEDIA_FORMAT_COUNT) - 1,
	                                .max_pixels = SIDE * SIDE,
	                                .max_frames = 1,
	                                .widths_count = 2,
	                                .widths = {SIDE / 4, SIDE / 2}};
	void *bytes = NULL;
	size_t length = 0;
	bool used;

	if (codec->save(image, &bytes, &length) != 0)
		return false;
	assert(bytes != NULL && length > 0);
	request.bytes = length;
	used = examine(&request, bytes, &NOWHERE) == 0;
	g_free(bytes);
	return used;
}

/* libvips before 8.15 writes code in memory for what it does to pixels, and aborts where the
 * service may not have such memory (MemoryDenyWriteExecute=). Without it a picture takes 7 %
 * longer. */
static void avoid_written_code(void)
{
	enum { PAGE = 4096, LAST_MINOR = 14 };
	void *page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE | PROT_EXEC,
	                  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (page != MAP_FAILED)
		munmap(page, PAGE);
	else if (vips_version(0) == 8 && vips_version(1) <= LAST_MINOR)
		setenv("VIPS_NOVECTOR", "1", 1);
}

bool codecs_start(const char **ret_missing)
{
	VipsImage *grey = NULL, *image = NULL;

	*ret_missing = "libvips";
	avoid_written_code();
	if (vips_init("sebez-media-worker") != 0)
		return false;
	g_log_set_writer_func(ignore_log, NULL, NULL);
	vips_concurrency_set(1); /* a worker is one of several */
	vips_cache_set_max(0);   /* no picture comes twice */
	vips_block_untrusted_set(TRUE);
	vips_black(&grey, SIDE, SIDE, "bands", 3, NULL);
	if (grey == NULL ||
	    vips_copy(grey, &image, "interpretation", VIPS_INTERPRETATION_sRGB, NULL) != 0)
		return false;
	for (size_t i = 0; i < sizeof(CODECS) / sizeof(CODECS[0]); i++) {
		*ret_missing = CODECS[i].name;
		if (!use(&CODECS[i], image))
			return false;
	}
	g_object_unref(image);
	g_object_unref(grey);
	vips_error_clear();
	return true;
}
