#include "web/uri.h"

#include <assert.h>
#include <string.h>

#include "base/codec.h"

bool uri_decode(const char *text, size_t length, bool form, char *ret)
{
	size_t count = 0;

	for (size_t i = 0; i < length; i++) {
		char byte = text[i];

		if (byte == '%') {
			int high = length - i > 2 ? hex_digit(text[i + 1]) : -1;
			int low = length - i > 2 ? hex_digit(text[i + 2]) : -1;

			if (high < 0 || low < 0)
				return false;
			byte = (char)(high << 4 | low);
			if (byte == '/' && !form)
				return false;
			i += 2;
		} else if (byte == '+' && form) {
			byte = ' ';
		}
		ret[count++] = byte;
	}
	assert(count <= length);
	ret[count] = 0;
	return memchr(ret, 0, count) == NULL && utf8_is_valid(ret, count);
}

bool uri_next_pair(const char **at, struct uri_pair *ret)
{
	while (**at == '&')
		(*at)++;
	if (**at == 0)
		return false;

	size_t length = strcspn(*at, "&");
	const char *equals = memchr(*at, '=', length);

	ret->name = *at;
	ret->name_length = equals != NULL ? (size_t)(equals - *at) : length;
	ret->value = equals != NULL ? equals + 1 : *at + length;
	ret->value_length = (size_t)(*at + length - ret->value);
	*at += length;
	return true;
}

bool uri_is_named(const struct uri_pair *pair, const char *name)
{
	return pair->name_length == strlen(name) &&
	       memcmp(pair->name, name, pair->name_length) == 0;
}

bool uri_find(const char *query, const char *name, struct uri_pair *ret)
{
	while (uri_next_pair(&query, ret))
		if (uri_is_named(ret, name))
			return true;
	return false;
}
