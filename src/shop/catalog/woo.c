#include "shop/catalog/woo.h"

#include <string.h>

#include "base/codec.h"

char *woo_item(struct arena *arena, const char **list)
{
	const char *next = *list;

	if (next == NULL)
		return NULL;
	struct buf item = buf_new(arena, strcspn(next, ",") + 1);

	for (; *next != 0 && *next != ','; next++) {
		if (next[0] == '\\' && next[1] == ',')
			next++;
		buf_add_char(&item, *next);
	}
	*list = *next == ',' ? next + 1 : NULL;
	size_t length = item.length;
	const char *start = utf8_trim(item.data, &length);

	return arena_strndup(arena, start, length);
}

void woo_add_item(struct buf *list, size_t number, const char *item)
{
	if (number > 0)
		buf_add_str(list, ", ");
	for (; *item != 0; item++) {
		if (*item == ',')
			buf_add_char(list, '\\');
		buf_add_char(list, *item);
	}
}

const char *woo_description(struct arena *arena, const char *cell)
{
	if (strchr(cell, '\\') == NULL)
		return cell;
	struct buf text = buf_new(arena, strlen(cell) + 1);

	while (*cell != 0) {
		if (strncmp(cell, "\\\\n", 3) == 0) {
			buf_add_str(&text, "\\n");
			cell += 3;
		} else if (strncmp(cell, "\\n", 2) == 0) {
			buf_add_char(&text, '\n');
			cell += 2;
		} else {
			buf_add_char(&text, *cell++);
		}
	}
	return text.data;
}

void woo_add_description(struct buf *cell, const char *text)
{
	for (; *text != 0; text++) {
		if (*text == '\n')
			buf_add_str(cell, "\\n");
		else if (strncmp(text, "\\n", 2) == 0)
			buf_add_str(cell, "\\\\");
		else
			buf_add_char(cell, *text);
	}
}
