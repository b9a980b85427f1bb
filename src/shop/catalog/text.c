#include "shop/catalog/text.h"

#include <string.h>
#include <strings.h>

#include "web/check.h"

enum { ADDRESS_BYTES = 2000 };

const char TEXT_DEFAULT_OPTION[] = "Title";
const char TEXT_DEFAULT_VALUE[] = "Default Title";

bool text_has_control(const char *text)
{
	for (; *text != 0; text++) {
		unsigned char c = (unsigned char)*text;

		if ((c < ' ' && c != '\t' && c != '\n' && c != '\r') || c == 0x7f)
			return true;
	}
	return false;
}

bool text_is_web_address(const char *text)
{
	return strlen(text) <= ADDRESS_BYTES && check_web_address(text) == NULL;
}

bool text_is_default_option(size_t option_count, const char *first_name, const char *value)
{
	return option_count == 1 && strcasecmp(first_name, TEXT_DEFAULT_OPTION) == 0 &&
	       strcasecmp(value, TEXT_DEFAULT_VALUE) == 0;
}
