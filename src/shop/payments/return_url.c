#include "shop/payments/return_url.h"

#include <assert.h>
#include <string.h>

/* The URL is the beginning, or goes on with a path, a query or a fragment. */
static bool begins_with(const char *url, const char *beginning, size_t length)
{
	assert(length > 0);
	return strncmp(url, beginning, length) == 0 &&
	       (url[length] == 0 || strchr("/?#", url[length]) != NULL);
}

static bool begins_with_one_of(const char *url, const char *words)
{
	for (; *words != 0; words += strspn(words, " ")) {
		size_t length = strcspn(words, " ");

		if (begins_with(url, words, length))
			return true;
		words += length;
	}
	return false;
}

/* Nothing that a browser reads in another way than we do. */
static bool is_plain(const char *url)
{
	for (const char *c = url; *c != 0; c++)
		if ((unsigned char)*c <= ' ' || (unsigned char)*c >= 0x7f ||
		    strchr("\"\\<>`", *c) != NULL)
			return false;
	return true;
}

bool return_url_is_good(struct request *rq, const struct payment_settings *settings,
                        const char *url)
{
	/* Whoever calls chooses the Host: it counts only where our own address is not set. */
	const char *own = settings->public_url[0] != 0 ? settings->public_url : request_origin(rq);

	return is_plain(url) &&
	       (begins_with_one_of(url, own) || begins_with_one_of(url, settings->origins) ||
	        begins_with_one_of(url, settings->return_urls));
}
