#include "base/html.h"

#include <assert.h>
#include <libxml/HTMLparser.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/web_address.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum {
	DEPTH = 64,       /* open elements in the output; deeper ones lose their tags */
	DEPTH_READ = 512, /* open elements in the input; legitimate HTML has fewer, and each end tag
	                     searches all */
	ADDRESS_BYTES = 2000,
	PASSES = 8,
};

static const char *const ALLOWED[] = {
    "a",     "abbr", "b",        "blockquote", "br",     "caption", "center", "cite",
    "code",  "col",  "colgroup", "dd",         "del",    "details", "dfn",    "div",
    "dl",    "dt",   "em",       "figcaption", "figure", "h1",      "h2",     "h3",
    "h4",    "h5",   "h6",       "hr",         "i",      "img",     "ins",    "kbd",
    "li",    "mark", "ol",       "p",          "pre",    "q",       "s",      "samp",
    "small", "span", "strike",   "strong",     "sub",    "summary", "sup",    "table",
    "tbody", "td",   "tfoot",    "th",         "thead",  "tr",      "u",      "ul",
    "var",
};

static const char *const VOID[] = {
    "br",
    "col",
    "hr",
    "img",
};

/* Elements whose content is dropped, too. */
static const char *const DROPPED[] = {
    "applet",  "audio",    "canvas",   "embed",    "frameset",  "iframe", "math",
    "noembed", "noframes", "noscript", "object",   "plaintext", "script", "select",
    "style",   "svg",      "template", "textarea", "title",     "video",  "xmp",
};

/* NULL: applies to all elements. */
static const struct {
	const char *element, *name;
} ATTRIBUTES[] = {
    {NULL, "title"},   {NULL, "lang"},    {NULL, "dir"},     {"img", "alt"},
    {"img", "width"},  {"img", "height"}, {"ol", "start"},   {"ol", "type"},
    {"li", "value"},   {"td", "colspan"}, {"td", "rowspan"}, {"th", "colspan"},
    {"th", "rowspan"}, {"th", "scope"},   {"col", "span"},   {"colgroup", "span"},
};

struct cleaning {
	char *to;
	size_t room; /* at `to`: output that does not fit is only counted */
	size_t length;
	size_t read_depth;
	size_t dropping; /* open elements of DROPPED */
	size_t depth;
	const char *open[DEPTH]; /* of ALLOWED */
	bool begun;              /* the enclosing element was read */
	bool too_deep;
	htmlParserCtxtPtr parser;
};

static int compare(const void *name, const void *item)
{
	return strcasecmp(name, *(const char *const *)item);
}

static const char *named(const char *const list[], size_t count, const char *name)
{
	const char *const *found = bsearch(name, list, count, sizeof(*list), compare);

	return found != NULL ? *found : NULL;
}

static void put(struct cleaning *cleaning, const char *text, size_t length)
{
	if (length <= cleaning->room - cleaning->length && cleaning->length <= cleaning->room)
		memcpy(cleaning->to + cleaning->length, text, length);
	cleaning->length += length;
}

static void put_text(struct cleaning *cleaning, const char *text)
{
	put(cleaning, text, strlen(text));
}

static void put_escaped(struct cleaning *cleaning, const char *text, size_t length, bool attribute)
{
	size_t from = 0;

	for (size_t i = 0; i < length; i++) {
		const char *escape = text[i] == '&'                ? "&amp;"
		                     : text[i] == '<'              ? "&lt;"
		                     : text[i] == '>'              ? "&gt;"
		                     : text[i] == '"' && attribute ? "&quot;"
		                                                   : NULL;

		if (escape == NULL)
			continue;
		put(cleaning, text + from, i - from);
		put_text(cleaning, escape);
		from = i + 1;
	}
	put(cleaning, text + from, length - from);
}

static void put_attribute(struct cleaning *cleaning, const char *name, const char *value)
{
	put_text(cleaning, " ");
	put_text(cleaning, name);
	put_text(cleaning, "=\"");
	put_escaped(cleaning, value, strlen(value), true);
	put_text(cleaning, "\"");
}

static const char *attribute(const xmlChar **attributes, const char *name)
{
	for (; attributes != NULL && *attributes != NULL; attributes += 2) {
		if (strcasecmp((const char *)attributes[0], name) == 0)
			return (const char *)attributes[1];
	}
	return NULL;
}

/* White space, controls, and characters that end an attribute or URL in some parser. */
static bool has_odd_character(const char *text)
{
	for (const char *c = text; *c != 0; c++) {
		if ((unsigned char)*c <= ' ' || *c == 0x7f || strchr("\"<>\\", *c) != NULL)
			return true;
	}
	return false;
}

/* A URL of a page or a picture, or of a person; writes its safe form to `ret`. */
static bool take_address(const char *text, bool person, char ret[ADDRESS_BYTES + 1])
{
	size_t length, prefix = 0;

	if (text == NULL)
		return false;
	while ((unsigned char)*text <= ' ' && *text != 0)
		text++;
	for (length = strlen(text); length > 0 && (unsigned char)text[length - 1] <= ' ';)
		length--;
	if (strncmp(text, "//", 2) == 0) { /* relative to the page's scheme */
		memcpy(ret, "https:", 6);
		prefix = 6;
	}
	if (prefix + length > ADDRESS_BYTES)
		return false;
	memcpy(ret + prefix, text, length);
	ret[prefix + length] = 0;
	if (person && (strncasecmp(ret, "mailto:", 7) == 0 || strncasecmp(ret, "tel:", 4) == 0))
		return !has_odd_character(ret);
	return web_address_wrong(ret, NULL) == NULL;
}

/* Writes a start tag. A link or a picture whose URL is not allowed is dropped. */
static bool put_start(struct cleaning *cleaning, const char *element, const xmlChar **attributes)
{
	bool link = strcmp(element, "a") == 0;
	const char *name = link ? "href" : "src";
	char address[ADDRESS_BYTES + 1];

	if (!link && strcmp(element, "img") != 0) {
		put_text(cleaning, "<");
		put_text(cleaning, element);
		return true;
	}
	if (!take_address(attribute(attributes, name), link, address))
		return false;
	put_text(cleaning, "<");
	put_text(cleaning, element);
	put_attribute(cleaning, name, address);
	return true;
}

static void start_element(void *context, const xmlChar *name, const xmlChar **attributes)
{
	struct cleaning *cleaning = context;
	const char *element = named(ALLOWED, COUNT(ALLOWED), (const char *)name);

	if (!cleaning->begun) {
		cleaning->begun = true;
		return;
	}
	if (++cleaning->read_depth > DEPTH_READ) {
		cleaning->too_deep = true;
		xmlStopParser(cleaning->parser);
		return;
	}
	if (named(DROPPED, COUNT(DROPPED), (const char *)name) != NULL)
		cleaning->dropping++;
	if (cleaning->dropping > 0 || element == NULL || cleaning->depth == DEPTH ||
	    !put_start(cleaning, element, attributes))
		return;
	for (size_t i = 0; i < COUNT(ATTRIBUTES); i++) {
		const char *value = attribute(attributes, ATTRIBUTES[i].name);

		if (value != NULL &&
		    (ATTRIBUTES[i].element == NULL || strcmp(ATTRIBUTES[i].element, element) == 0))
			put_attribute(cleaning, ATTRIBUTES[i].name, value);
	}
	put_text(cleaning, ">");
	if (named(VOID, COUNT(VOID), element) == NULL)
		cleaning->open[cleaning->depth++] = element;
}

static void close_to(struct cleaning *cleaning, size_t depth)
{
	assert(depth <= cleaning->depth && cleaning->depth <= DEPTH);
	while (cleaning->depth > depth) {
		put_text(cleaning, "</");
		put_text(cleaning, cleaning->open[--cleaning->depth]);
		put_text(cleaning, ">");
	}
}

static void end_element(void *context, const xmlChar *name)
{
	struct cleaning *cleaning = context;

	if (cleaning->read_depth > 0)
		cleaning->read_depth--;
	if (named(DROPPED, COUNT(DROPPED), (const char *)name) != NULL && cleaning->dropping > 0)
		cleaning->dropping--;
	if (cleaning->dropping > 0)
		return;
	for (size_t i = cleaning->depth; i-- > 0;) {
		if (strcasecmp(cleaning->open[i], (const char *)name) == 0) {
			close_to(cleaning, i);
			return;
		}
	}
}

static void characters(void *context, const xmlChar *text, int length)
{
	struct cleaning *cleaning = context;

	assert(length >= 0);
	if (cleaning->dropping == 0)
		put_escaped(cleaning, (const char *)text, (size_t)length, false);
}

/* Parses the text and writes its clean form. False when it is not parseable HTML. */
static bool clean(const char *text, char *to, size_t room, size_t *ret)
{
	htmlSAXHandler handler = {
	    .startElement = start_element,
	    .endElement = end_element,
	    .characters = characters,
	    .ignorableWhitespace = characters,
	};
	struct cleaning cleaning = {.to = to, .room = room};
	/* Text outside of all elements would be wrapped in a paragraph. */
	static const char BEFORE[] = "<div>";
	size_t length = strlen(text);

	assert(length <= INT_MAX);
	cleaning.parser =
	    htmlCreatePushParserCtxt(&handler, &cleaning, NULL, 0, NULL, XML_CHAR_ENCODING_UTF8);
	if (cleaning.parser == NULL)
		return false;
	htmlCtxtUseOptions(cleaning.parser, HTML_PARSE_RECOVER | HTML_PARSE_NOERROR |
	                                        HTML_PARSE_NOWARNING | HTML_PARSE_NONET |
	                                        HTML_PARSE_NOIMPLIED | HTML_PARSE_IGNORE_ENC);
	htmlParseChunk(cleaning.parser, BEFORE, sizeof(BEFORE) - 1, 0);
	htmlParseChunk(cleaning.parser, text, (int)length, 0);
	htmlParseChunk(cleaning.parser, "", 0, 1);
	htmlFreeParserCtxt(cleaning.parser);
	close_to(&cleaning, 0);
	*ret = cleaning.length;
	return !cleaning.too_deep;
}

static const char *as_text(struct arena *arena, const char *text)
{
	size_t length = strlen(text);
	struct cleaning cleaning = {.room = length * 5}; /* &amp; */

	cleaning.to = arena_alloc(arena, cleaning.room + 1);
	put_escaped(&cleaning, text, length, false);
	assert(cleaning.length <= cleaning.room);
	return cleaning.to;
}

/* libxml2's memory is not the arena's, and a full arena ends the task: allocate nothing from it
 * while parsing. */
static const char *clean_once(struct arena *arena, const char *text)
{
	size_t room = strlen(text) + 64, length, second_length;
	char *made = arena_alloc(arena, room + 1);

	if (!clean(text, made, room, &length))
		return as_text(arena, text);
	if (length <= room)
		return made;
	made = arena_alloc(arena, length + 1);
	return clean(text, made, length, &second_length) && second_length == length
	           ? made
	           : as_text(arena, text);
}

const char *html_clean(struct arena *arena, const char *text)
{
	/* The parser moves elements that may not be nested: repeat until the output is stable. */
	for (int i = 0; i < PASSES && strchr(text, '<') != NULL; i++) {
		const char *cleaner = clean_once(arena, text);

		if (strcmp(cleaner, text) == 0)
			return text;
		text = cleaner;
	}
	return text;
}

void html_escape(struct buf *out, const char *text)
{
	for (; *text != 0; text++) {
		switch (*text) {
		case '&':
			buf_add_str(out, "&amp;");
			break;
		case '<':
			buf_add_str(out, "&lt;");
			break;
		case '>':
			buf_add_str(out, "&gt;");
			break;
		case '"':
			buf_add_str(out, "&quot;");
			break;
		case '\'':
			buf_add_str(out, "&#39;");
			break;
		default:
			buf_add_char(out, *text);
		}
	}
}
