#include "net/resolve.h"

#include <assert.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <uv.h>

#include "net/loop.h"

struct resolve {
	uv_getaddrinfo_t request;
	resolve_done_fn *done; /* NULL: nobody waits any more */
	void *arg;
};

/* IPv4 first: what listens at one address only usually listens there. */
static int pick(const struct addrinfo *found, char *ret, size_t size)
{
	const struct addrinfo *best = found;

	assert(found != NULL); /* who is found has an address */
	for (const struct addrinfo *at = found; at != NULL; at = at->ai_next) {
		if (at->ai_family == AF_INET) {
			best = at;
			break;
		}
	}
	return best->ai_family == AF_INET
	           ? uv_ip4_name((const struct sockaddr_in *)(const void *)best->ai_addr, ret, size)
	           : uv_ip6_name((const struct sockaddr_in6 *)(const void *)best->ai_addr, ret,
	                         size);
}

static void on_found(uv_getaddrinfo_t *request, int status, struct addrinfo *found)
{
	struct resolve *resolve = request->data;
	char address[RESOLVE_ADDRESS_MAX];

	if (status == 0)
		status = pick(found, address, sizeof(address));
	uv_freeaddrinfo(found);
	if (resolve->done != NULL)
		resolve->done(resolve->arg, status == 0 ? address : NULL,
		              status == 0 ? NULL : uv_strerror(status));
	free(resolve);
}

struct resolve *resolve_start(const char *host, resolve_done_fn *done, void *arg)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
	struct resolve *resolve = calloc(1, sizeof(*resolve));

	assert(resolve != NULL);
	*resolve = (struct resolve){.request.data = resolve, .done = done, .arg = arg};
	int r = uv_getaddrinfo(loop_uv(), &resolve->request, on_found, host, NULL, &hints);
	assert(r == 0); /* fails only without memory, or without a name */
	return resolve;
}

void resolve_cancel(struct resolve *resolve)
{
	if (resolve == NULL)
		return;
	resolve->done = NULL;
	(void)uv_cancel((uv_req_t *)&resolve->request); /* one that runs cannot be stopped */
}

bool resolve_is_address(const char *host)
{
	struct sockaddr_in four;
	struct sockaddr_in6 six;

	return uv_ip4_addr(host, 0, &four) == 0 || uv_ip6_addr(host, 0, &six) == 0;
}
