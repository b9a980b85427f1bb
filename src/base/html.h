/*
 * html: HTML that others wrote, as HTML that may be shown.
 *
 * What comes out is made of what libxml2 read, and of nothing but the elements, attributes and
 * addresses that are named in html.c: paragraphs, headings, lists, tables, emphasis, links and
 * pictures. Everything else of a tag goes, and what is between stays; of scripts, styles, frames
 * and drawings that goes, too. So a script does not come through, however it was written.
 */
#ifndef SEBEZ_BASE_HTML_H
#define SEBEZ_BASE_HTML_H

#include "base/arena.h"

/* In the arena; text without a tag is given back as it is, as what is clean already. text is valid
 * UTF-8. */
const char *html_clean(struct arena *arena, const char *text);

#endif
