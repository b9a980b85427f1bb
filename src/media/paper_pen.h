/*
 * paper_pen: draws text of any script onto pages of a PDF, which is written to a descriptor while
 * it is drawn. Distances are points (1/72 inch), from the upper left corner.
 *
 * Text that a font has simple glyphs for (ASCII) is drawn glyph by glyph, and other texts are kept
 * when they were laid out: a statement has ten thousand lines, and most of their words repeat.
 */
#ifndef SEBEZ_MEDIA_PAPER_PEN_H
#define SEBEZ_MEDIA_PAPER_PEN_H

#include <stdbool.h>

enum paper_style { PAPER_SMALL, PAPER_PLAIN, PAPER_BOLD, PAPER_TITLE, PAPER_STYLES };
enum paper_side { PAPER_START, PAPER_END }; /* of a text, in the direction of the document */

/* A4 */
#define PAPER_WIDTH 595.0
#define PAPER_HEIGHT 842.0
#define PAPER_MARGIN 48.0

struct paper_pen;

/* made: when the document was issued, for its metadata; so the same document is the same bytes. */
struct paper_pen *paper_pen_open(int fd, const char *title, const char *language, const char *made,
                                 bool right_to_left);
/* False: it could not be written. */
bool paper_pen_close(struct paper_pen *pen);

/* Draws it from the upper edge y, in lines of this width from the left edge x. Returns the height.
 */
double paper_draw(struct paper_pen *pen, double x, double y, double width, const char *text,
                  enum paper_style style, enum paper_side side);
/* The height that paper_draw() would return. */
double paper_height(struct paper_pen *pen, double width, const char *text, enum paper_style style);

/* grey: 0 is black, 1 is white. */
void paper_rule(struct paper_pen *pen, double x, double y, double width, double grey);
void paper_next_page(struct paper_pen *pen);
/* The left edge of what is `width` wide and begins `from` after the margin at which lines begin. */
double paper_left(const struct paper_pen *pen, double from, double width);

#endif
