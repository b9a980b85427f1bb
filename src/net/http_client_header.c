/* Headers of responses. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "net/http_client.h"

enum { RETRY_AFTER_S_MAX = 24 * 60 * 60 };

const char *http_client_header(const struct http_client_response *response, const char *name)
{
	const char *end = response->heads + response->heads_length;

	for (const char *at = response->heads; at < end;) {
		const char *value = at + strlen(at) + 1;

		if (strcasecmp(at, name) == 0)
			return value;
		at = value + strlen(value) + 1;
	}
	return NULL;
}

/* Retry-After: seconds, or a date as HTTP has it: Sun, 06 Nov 1994 08:49:37 GMT. */
int64_t http_client_retry_after_ms(const struct http_client_response *response, int64_t now_s)
{
	const char *value = http_client_header(response, "Retry-After");
	struct tm date = {0};
	const char *end;
	char *digits_end;
	int64_t seconds;

	if (value == NULL || value[0] == 0)
		return -1;
	if (value[0] >= '0' && value[0] <= '9') {
		seconds = strtoll(value, &digits_end, 10); /* LLONG_MAX when it is more */
		if (digits_end[0] != 0)
			return -1;
	} else {
		end = strptime(value, "%a, %d %b %Y %H:%M:%S GMT", &date);
		if (end == NULL || end[0] != 0)
			return -1;
		seconds = timegm(&date) - now_s;
	}
	if (seconds < 0)
		seconds = 0;
	return (seconds > RETRY_AFTER_S_MAX ? RETRY_AFTER_S_MAX : seconds) * 1000;
}
