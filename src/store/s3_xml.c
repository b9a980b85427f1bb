#include <assert.h>
#include <errno.h>
#include <libxml/parser.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "store/s3_internal.h"

static void free_document(void *document)
{
	xmlFreeDoc(document);
}

/* Lives as long as the arena. No network, no external entities, no output on standard error. */
static xmlNode *parse(struct arena *arena, const char *xml, size_t length)
{
	assert(length <= INT_MAX);
	xmlDoc *document = xmlReadMemory(xml, (int)length, "s3.xml", NULL,
	                                 XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING |
	                                     XML_PARSE_NOCDATA);

	if (document == NULL)
		return NULL;
	arena_defer(arena, free_document, document);
	return xmlDocGetRootElement(document);
}

/* The next node of the document, parents before children; without recursion. */
static xmlNode *next_node(xmlNode *node)
{
	if (node->children != NULL && node->type == XML_ELEMENT_NODE)
		return node->children;
	while (node != NULL && node->next == NULL)
		node = node->type == XML_DOCUMENT_NODE ? NULL : node->parent;
	return node == NULL ? NULL : node->next;
}

static bool is_element(const xmlNode *node, const char *name)
{
	return node->type == XML_ELEMENT_NODE && strcmp((const char *)node->name, name) == 0;
}

/* Text of an element that has nothing else. */
static const char *text_of(struct arena *arena, const xmlNode *element)
{
	const xmlNode *text = element->children;

	if (text == NULL)
		return "";
	return text->type == XML_TEXT_NODE && text->next == NULL
	           ? arena_strdup(arena, (const char *)text->content)
	           : NULL;
}

const char *s3_xml_text(struct arena *arena, const char *xml, size_t length, const char *name)
{
	for (xmlNode *node = parse(arena, xml, length); node != NULL; node = next_node(node))
		if (is_element(node, name))
			return text_of(arena, node);
	return NULL;
}

static const char *child_text(struct arena *arena, const xmlNode *parent, const char *name)
{
	for (const xmlNode *child = parent->children; child != NULL; child = child->next)
		if (is_element(child, name))
			return text_of(arena, child);
	return NULL;
}

static bool read_entry(struct arena *arena, const xmlNode *contents, struct object_entry *ret)
{
	const char *key = child_text(arena, contents, "Key");
	const char *size = child_text(arena, contents, "Size");
	const char *put_at = child_text(arena, contents, "LastModified");
	char *end;

	if (key == NULL || size == NULL || put_at == NULL)
		return false;
	errno = 0;
	*ret = (struct object_entry){.key = key, .bytes = strtoll(size, &end, 10)};
	return errno == 0 && end != size && *end == 0 && ret->bytes >= 0 &&
	       time_parse(put_at, &ret->put_at_us);
}

int s3_xml_list(struct arena *arena, const char *xml, size_t length, size_t count_max,
                size_t *ret_count, struct object_entry **ret, bool *ret_more)
{
	struct object_entry *entries = arena_array(arena, count_max, sizeof(entries[0]));
	const xmlNode *root = parse(arena, xml, length);
	const char *truncated;
	size_t count = 0;

	if (root == NULL || !is_element(root, "ListBucketResult"))
		return -EPROTO;
	for (const xmlNode *node = root->children; node != NULL; node = node->next) {
		if (!is_element(node, "Contents"))
			continue;
		if (count == count_max || !read_entry(arena, node, &entries[count]))
			return -EPROTO;
		count++;
	}
	assert(count <= count_max);
	truncated = child_text(arena, root, "IsTruncated");
	*ret_more = truncated != NULL && strcmp(truncated, "true") == 0;
	if (truncated == NULL || (!*ret_more && strcmp(truncated, "false") != 0))
		return -EPROTO;
	*ret_count = count;
	*ret = entries;
	return 0;
}
