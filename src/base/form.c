#include "base/form.h"

#include <assert.h>
#include <string.h>

void form_add(struct buf *form, const char *text)
{
	for (; *text != '\0'; text++) {
		unsigned char c = (unsigned char)*text;

		if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
		    strchr("-._~", c) != NULL)
			buf_add_char(form, (char)c);
		else
			buf_printf(form, "%%%02X", c);
	}
}

void form_put(struct buf *form, const char *name, const char *value)
{
	assert(name[0] != '\0');
	if (form->length > 0)
		buf_add_char(form, '&');
	form_add(form, name);
	buf_add_char(form, '=');
	form_add(form, value);
}
