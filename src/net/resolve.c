#include "net/resolve.h"

#include <assert.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <uv.h>

#include "net/loop.h"

struct resolve {
	uv_getaddrinfo_t request;
	resolve_done_fn *done; /* NULL: cancelled */
	void *arg;
};

static void append(const struct addrinfo *found, char *ret, size_t size)
{
	char address[RESOLVE_ADDRESS_MAX];
	size_t used = strlen(ret);
	int r = found->ai_family == AF_INET
	            ? uv_ip4_name((const struct sockaddr_in *)(const void *)found->ai_addr, address,
	                          sizeof(address))
	            : uv_ip6_name((const struct sockaddr_in6 *)(const void *)found->ai_addr,
	                          address, sizeof(address));

	if (r == 0 && used + strlen(address) + 2 <= size)
		snprintf(ret + used, size - used, "%s%s", used > 0 ? "," : "", address);
}

/* IPv4 first: a server that listens on one address only usually uses that. */
static void list(const struct addrinfo *found, char *ret, size_t size)
{
	assert(size > 0);
	ret[0] = '\0';
	for (const struct addrinfo *at = found; at != NULL; at = at->ai_next)
		if (at->ai_family == AF_INET)
			append(at, ret, size);
	for (const struct addrinfo *at = found; at != NULL; at = at->ai_next)
		if (at->ai_family == AF_INET6)
			append(at, ret, size);
}

static void on_found(uv_getaddrinfo_t *request, int status, struct addrinfo *found)
{
	struct resolve *resolve = request->data;
	char addresses[RESOLVE_TEXT_MAX];

	if (status == 0)
		list(found, addresses, sizeof(addresses));
	uv_freeaddrinfo(found);
	if (status == 0 && addresses[0] == '\0')
		status = UV_EAI_NODATA;
	if (resolve->done != NULL)
		resolve->done(resolve->arg, status == 0 ? addresses : NULL,
		              status == 0 ? NULL : uv_strerror(status));
	free(resolve);
}

struct resolve *resolve_start(const char *host, resolve_done_fn *done, void *arg)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
	struct resolve *resolve = calloc(1, sizeof(*resolve));

	assert(resolve != NULL && done != NULL);
	*resolve = (struct resolve){.request.data = resolve, .done = done, .arg = arg};
	int r = uv_getaddrinfo(loop_uv(), &resolve->request, on_found, host, NULL, &hints);
	assert(r == 0); /* fails only without memory, or without a name */
	return resolve;
}

void resolve_cancel(struct resolve *resolve)
{
	if (resolve == NULL)
		return;
	assert(resolve->done != NULL); /* it is cancelled once */
	resolve->done = NULL;
	(void)uv_cancel((uv_req_t *)&resolve->request); /* a running lookup cannot be stopped */
}

bool resolve_is_address(const char *host)
{
	struct sockaddr_in four;
	struct sockaddr_in6 six;

	return uv_ip4_addr(host, 0, &four) == 0 || uv_ip6_addr(host, 0, &six) == 0;
}
