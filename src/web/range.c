#include "web/range.h"

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>

/* Digits up to a character that is none. A number beyond 18 digits is as good as the largest. */
static bool read_number(const char **at, int64_t *ret)
{
	const int64_t most = INT64_C(1000000000000000000);
	int64_t value = 0;
	const char *start = *at;

	for (; **at >= '0' && **at <= '9'; (*at)++)
		value = value >= most / 10 ? most : value * 10 + (**at - '0');
	*ret = value;
	return *at > start;
}

enum range_kind range_parse(const char *header, int64_t total, int64_t *ret_first,
                            int64_t *ret_length)
{
	int64_t first = 0, last = 0;
	bool has_first, has_last;

	assert(total >= 0);
	if (header == NULL || strncasecmp(header, "bytes=", 6) != 0)
		return RANGE_WHOLE;
	header += 6;
	has_first = read_number(&header, &first);
	if (*header++ != '-')
		return RANGE_WHOLE;
	has_last = read_number(&header, &last);
	if (*header != '\0' || (!has_first && !has_last) || (has_first && has_last && last < first))
		return RANGE_WHOLE;
	if (!has_first) { /* the last bytes */
		first = last < total ? total - last : 0;
		if (last == 0)
			return RANGE_BEYOND;
		has_last = false;
	}
	if (first >= total)
		return RANGE_BEYOND;
	*ret_first = first;
	*ret_length = has_last && last < total ? last - first + 1 : total - first;
	assert(*ret_length >= 1 && first + *ret_length <= total);
	return RANGE_PART;
}
