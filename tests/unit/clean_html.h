/*
 * clean_html: a judge of cleaned HTML that shares nothing with who cleans: after each < stands a
 * plain tag of few characters, whose attributes are few, quoted, and have addresses of the web.
 */
#ifndef SEBEZ_TESTS_CLEAN_HTML_H
#define SEBEZ_TESTS_CLEAN_HTML_H

#include <regex.h>
#include <stdlib.h>
#include <string.h>

#define CLEAN_TAG                                                                                  \
	"^</?(abbr|b|blockquote|br|caption|center|cite|code|colgroup|col|dd|del|details|dfn|div|"  \
	"dl|dt|em|figcaption|figure|h[1-6]|hr|i|ins|kbd|li|mark|ol|pre|p|q|samp|small|span|"       \
	"strike|strong|summary|sub|sup|s|table|tbody|td|tfoot|thead|th|tr|ul|u|var|a|img)"         \
	"( (title|lang|dir|alt|width|height|start|type|value|colspan|rowspan|scope|span)"          \
	"=\"[^\"<>]*\"| (href|src)=\"(https?://[^\"<>[:space:]@]*[^\"<>[:space:]]*|"               \
	"mailto:[^\"<>[:space:]]*|tel:[^\"<>[:space:]]*)\")*>"

/* Where it is not clean, or NULL. Text without a tag is text. */
static inline const char *clean_html_wrong(const char *html)
{
	static regex_t tag;
	static int made;
	regmatch_t match;

	if (!made && regcomp(&tag, CLEAN_TAG, REG_EXTENDED | REG_ICASE) != 0)
		abort();
	made = 1;
	while ((html = strchr(html, '<')) != NULL) {
		if (regexec(&tag, html, 1, &match, 0) != 0)
			return html;
		html += match.rm_eo;
	}
	return NULL;
}

#endif
