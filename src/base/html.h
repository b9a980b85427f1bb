/*
 * html: sanitizes HTML.
 *
 * The output is serialized anew from what libxml2 parsed, with only the elements, attributes and
 * URL schemes that html.c allows: paragraphs, headings, lists, tables, emphasis, links and
 * pictures. Other tags are removed and their content kept; scripts, styles, frames and drawings are
 * removed with their content. So no script survives, however it is written.
 */
#ifndef SEBEZ_BASE_HTML_H
#define SEBEZ_BASE_HTML_H

#include "base/arena.h"
#include "base/buf.h"

/* In the arena; text without a tag, and HTML that is already clean, are returned unchanged. text is
 * valid UTF-8. */
const char *html_clean(struct arena *arena, const char *text);

/* Text where HTML is expected. */
void html_escape(struct buf *out, const char *text);

#endif
