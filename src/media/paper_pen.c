#include "media/paper_pen.h"

#include <assert.h>
#include <cairo-pdf.h>
#include <errno.h>
#include <pango/pangocairo.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/limits.h"

enum {
	FIRST = 0x20, /* of ASCII, that is visible */
	LAST = 0x7e,
	COUNT = LAST - FIRST + 1,
};

/* Named in this order, so that the same text is drawn alike on each machine; what none of them has,
 * fontconfig finds elsewhere. */
static const char FAMILIES[] = "Noto Sans,Noto Sans Ethiopic,Noto Sans Arabic,Droid Sans Fallback";

static const struct {
	double size;
	PangoWeight weight;
} STYLES[PAPER_STYLES] = {
    [PAPER_SMALL] = {7.5, PANGO_WEIGHT_NORMAL},
    [PAPER_PLAIN] = {9, PANGO_WEIGHT_NORMAL},
    [PAPER_BOLD] = {9, PANGO_WEIGHT_BOLD},
    [PAPER_TITLE] = {20, PANGO_WEIGHT_BOLD},
};

/* A font whose visible characters of ASCII are one glyph each. */
struct simple_font {
	cairo_scaled_font_t *font; /* NULL: it is not simple */
	double ascent, height;
	struct {
		unsigned long glyph;
		double width;
	} glyphs[COUNT];
};

struct paper_pen {
	int fd;
	bool right_to_left;
	cairo_surface_t *surface;
	cairo_t *cairo;
	PangoContext *context;
	PangoFontDescription *fonts[PAPER_STYLES];
	struct simple_font simple[PAPER_STYLES];
	GHashTable *kept[PAPER_STYLES]; /* layouts by text, of the width that they were last of */
};

static cairo_status_t write_bytes(void *closure, const unsigned char *bytes, unsigned length)
{
	const struct paper_pen *pen = closure;

	while (length > 0) {
		ssize_t count = write(pen->fd, bytes, length);
		if (count < 0 && errno == EINTR)
			continue;
		if (count <= 0)
			return CAIRO_STATUS_WRITE_ERROR;
		bytes += count;
		length -= (unsigned)count;
	}
	return CAIRO_STATUS_SUCCESS;
}

static PangoLayout *new_layout(struct paper_pen *pen, const char *text, enum paper_style style)
{
	PangoLayout *layout = pango_layout_new(pen->context);

	pango_layout_set_font_description(layout, pen->fonts[style]);
	pango_layout_set_wrap(layout, PANGO_WRAP_WORD_CHAR);
	pango_layout_set_text(layout, text, -1);
	return layout;
}

/* Learns the glyphs of a font from a layout of each character. */
static void learn_font(struct paper_pen *pen, enum paper_style style)
{
	struct simple_font *simple = &pen->simple[style];

	for (int i = 0; i < COUNT; i++) {
		const char text[2] = {(char)(FIRST + i), '\0'};
		PangoLayout *layout = new_layout(pen, text, style);
		PangoLayoutLine *line = pango_layout_get_line_readonly(layout, 0);
		const PangoLayoutRun *run = line->runs != NULL ? line->runs->data : NULL;
		bool fits = run != NULL && run->glyphs->num_glyphs == 1;

		if (fits && i == 0) {
			simple->font = cairo_scaled_font_reference(pango_cairo_font_get_scaled_font(
			    PANGO_CAIRO_FONT(run->item->analysis.font)));
			simple->ascent = pango_units_to_double(pango_layout_get_baseline(layout));
			int height;
			pango_layout_get_size(layout, NULL, &height);
			simple->height = pango_units_to_double(height);
		}
		if (!fits || simple->font != pango_cairo_font_get_scaled_font(
		                                 PANGO_CAIRO_FONT(run->item->analysis.font))) {
			if (simple->font != NULL)
				cairo_scaled_font_destroy(simple->font);
			simple->font = NULL;
			g_object_unref(layout);
			return;
		}
		simple->glyphs[i].glyph = run->glyphs->glyphs[0].glyph;
		simple->glyphs[i].width =
		    pango_units_to_double(run->glyphs->glyphs[0].geometry.width);
		g_object_unref(layout);
	}
}

static void open_fonts(struct paper_pen *pen, const char *language)
{
	PangoFontMap *map = pango_cairo_font_map_get_default();
	cairo_font_options_t *exact = cairo_font_options_create();

	pen->context = pango_font_map_create_context(map);
	pango_cairo_update_context(pen->cairo, pen->context);
	cairo_font_options_set_hint_metrics(exact, CAIRO_HINT_METRICS_OFF);
	cairo_font_options_set_hint_style(exact, CAIRO_HINT_STYLE_NONE);
	pango_cairo_context_set_font_options(pen->context, exact);
	cairo_font_options_destroy(exact);
	pango_context_set_language(pen->context, pango_language_from_string(language));
	for (int i = 0; i < PAPER_STYLES; i++) {
		pen->fonts[i] = pango_font_description_new();
		pango_font_description_set_family_static(pen->fonts[i], FAMILIES);
		pango_font_description_set_weight(pen->fonts[i], STYLES[i].weight);
		pango_font_description_set_absolute_size(pen->fonts[i],
		                                         STYLES[i].size * PANGO_SCALE);
		pen->kept[i] =
		    g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_object_unref);
		learn_font(pen, (enum paper_style)i);
	}
}

struct paper_pen *paper_pen_open(int fd, const char *title, const char *language, const char *made,
                                 bool right_to_left)
{
	struct paper_pen *pen = calloc(1, sizeof(*pen));

	assert(pen != NULL);
	pen->fd = fd;
	pen->right_to_left = right_to_left;
	pen->surface =
	    cairo_pdf_surface_create_for_stream(write_bytes, pen, PAPER_WIDTH, PAPER_HEIGHT);
	cairo_pdf_surface_set_metadata(pen->surface, CAIRO_PDF_METADATA_TITLE, title);
	cairo_pdf_surface_set_metadata(pen->surface, CAIRO_PDF_METADATA_CREATE_DATE, made);
	pen->cairo = cairo_create(pen->surface);
	open_fonts(pen, language);
	return pen;
}

bool paper_pen_close(struct paper_pen *pen)
{
	bool written;

	cairo_show_page(pen->cairo);
	cairo_destroy(pen->cairo);
	cairo_surface_finish(pen->surface);
	written = cairo_surface_status(pen->surface) == CAIRO_STATUS_SUCCESS;
	cairo_surface_destroy(pen->surface);
	for (int i = 0; i < PAPER_STYLES; i++) {
		g_hash_table_destroy(pen->kept[i]);
		pango_font_description_free(pen->fonts[i]);
		if (pen->simple[i].font != NULL)
			cairo_scaled_font_destroy(pen->simple[i].font);
	}
	g_object_unref(pen->context);
	free(pen);
	return written;
}

/* The width of a text of simple glyphs; -1: it is not one. */
static double simple_width(const struct simple_font *simple, const char *text)
{
	double width = 0;

	if (simple->font == NULL)
		return -1;
	for (const char *at = text; *at != '\0'; at++) {
		if (*at < FIRST || *at > LAST)
			return -1;
		width += simple->glyphs[*at - FIRST].width;
	}
	return width;
}

static void draw_simple(struct paper_pen *pen, const struct simple_font *simple, const char *text,
                        double x, double y)
{
	cairo_glyph_t glyphs[LIMIT_PAPER_SIMPLE];
	cairo_text_cluster_t clusters[LIMIT_PAPER_SIMPLE];
	int count = 0;

	for (const char *at = text; *at != '\0'; at++) {
		assert(count < LIMIT_PAPER_SIMPLE);
		glyphs[count] = (cairo_glyph_t){simple->glyphs[*at - FIRST].glyph, x, y};
		clusters[count++] = (cairo_text_cluster_t){1, 1};
		x += simple->glyphs[*at - FIRST].width;
	}
	cairo_set_scaled_font(pen->cairo, simple->font);
	cairo_show_text_glyphs(pen->cairo, text, count, glyphs, count, clusters, count, 0);
}

/* A kept layout of the text, or a new one. */
static PangoLayout *layout_of(struct paper_pen *pen, double width, const char *text,
                              enum paper_style style)
{
	GHashTable *kept = pen->kept[style];
	PangoLayout *layout = g_hash_table_lookup(kept, text);
	int units = (int)(width * PANGO_SCALE);

	if (layout == NULL) {
		if (g_hash_table_size(kept) >= LIMIT_PAPER_KEPT)
			g_hash_table_remove_all(kept);
		layout = new_layout(pen, text, style);
		g_hash_table_insert(kept, g_strdup(text), layout);
	}
	if (pango_layout_get_width(layout) != units)
		pango_layout_set_width(layout, units);
	return layout;
}

static bool at_the_right(const struct paper_pen *pen, enum paper_side side)
{
	return (side == PAPER_END) != pen->right_to_left;
}

static bool is_simple(const struct paper_pen *pen, double width, const char *text,
                      enum paper_style style, double *ret_width)
{
	*ret_width = simple_width(&pen->simple[style], text);
	return *ret_width >= 0 && *ret_width <= width && strlen(text) < LIMIT_PAPER_SIMPLE;
}

double paper_draw(struct paper_pen *pen, double x, double y, double width, const char *text,
                  enum paper_style style, enum paper_side side)
{
	const struct simple_font *simple = &pen->simple[style];
	bool right = at_the_right(pen, side);
	double text_width;
	int height;

	if (text[0] == '\0')
		return 0;
	if (is_simple(pen, width, text, style, &text_width)) {
		draw_simple(pen, simple, text, right ? x + width - text_width : x,
		            y + simple->ascent);
		return simple->height;
	}
	PangoLayout *layout = layout_of(pen, width, text, style);
	/* Pango swaps the sides of a text that is written from right to left. */
	bool swapped = pango_layout_get_direction(layout, 0) == PANGO_DIRECTION_RTL;
	PangoAlignment alignment = right != swapped ? PANGO_ALIGN_RIGHT : PANGO_ALIGN_LEFT;
	if (pango_layout_get_alignment(layout) != alignment)
		pango_layout_set_alignment(layout, alignment);
	cairo_move_to(pen->cairo, x, y);
	pango_cairo_show_layout(pen->cairo, layout);
	pango_layout_get_size(layout, NULL, &height);
	return pango_units_to_double(height);
}

double paper_height(struct paper_pen *pen, double width, const char *text, enum paper_style style)
{
	double text_width;
	int height;

	if (text[0] == '\0')
		return 0;
	if (is_simple(pen, width, text, style, &text_width))
		return pen->simple[style].height;
	pango_layout_get_size(layout_of(pen, width, text, style), NULL, &height);
	return pango_units_to_double(height);
}

void paper_rule(struct paper_pen *pen, double x, double y, double width, double grey)
{
	cairo_set_source_rgb(pen->cairo, grey, grey, grey);
	cairo_set_line_width(pen->cairo, 0.6);
	cairo_move_to(pen->cairo, x, y);
	cairo_line_to(pen->cairo, x + width, y);
	cairo_stroke(pen->cairo);
	cairo_set_source_rgb(pen->cairo, 0, 0, 0);
}

void paper_next_page(struct paper_pen *pen)
{
	cairo_show_page(pen->cairo);
}

double paper_left(const struct paper_pen *pen, double from, double width)
{
	return pen->right_to_left ? PAPER_WIDTH - PAPER_MARGIN - from - width : PAPER_MARGIN + from;
}
