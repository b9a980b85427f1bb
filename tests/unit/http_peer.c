#include "unit.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>

#include "http_peer.h"
#include "net/loop.h"
#include "python_peer.h"

struct peer peer;
struct arena *arena;
struct http_client_response response;

static struct python_peer process;

/* The resolver. */

static const struct {
	const char *name, *first, *then; /* addresses */
} NAMES[] = {
    {"peer.test", "127.0.0.1", NULL},
    {"loopback.test", "127.0.0.2", NULL},
    {"mapped.test", "::ffff:127.0.0.1", NULL},
    {"nat64.test", "64:ff9b::7f00:1", NULL},
    {"tunnel.test", "2002:7f00:1::", NULL},
    {"six.test", "::1", NULL},
    {"unique.test", "fd00::1", NULL},
    {"link.test", "fe80::1", NULL},
    {"metadata.test", "169.254.169.254", NULL},
    {"shared.test", "100.64.0.1", NULL},
    {"zero.test", "0.0.0.0", NULL},
    {"group.test", "224.0.0.1", NULL},
    {"both.test", "10.0.0.1", "fd00::1"},
    {"half.test", "127.0.0.2", "127.0.0.1"},
    {"slow.test", "127.0.0.1", NULL},
    {"slower.test", "127.0.0.1", NULL},
};

sem_t slow_names;
atomic_int lookups;

static struct addrinfo *found_new(const char *text, const char *service, struct addrinfo *next)
{
	struct found {
		struct addrinfo info;
		struct sockaddr_storage address;
	} *found = calloc(1, sizeof(*found));
	struct sockaddr_in *v4 = (struct sockaddr_in *)&found->address;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&found->address;
	in_port_t port = htons((uint16_t)atoi(service));
	bool is_v6 = strchr(text, ':') != NULL;

	if (is_v6)
		*v6 = (struct sockaddr_in6){.sin6_family = AF_INET6, .sin6_port = port};
	else
		*v4 = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = port};
	(void)inet_pton(is_v6 ? AF_INET6 : AF_INET, text,
	                is_v6 ? (void *)&v6->sin6_addr : (void *)&v4->sin_addr);
	found->info = (struct addrinfo){.ai_family = found->address.ss_family,
	                                .ai_socktype = SOCK_STREAM,
	                                .ai_addrlen = is_v6 ? sizeof(*v6) : sizeof(*v4),
	                                .ai_addr = (struct sockaddr *)&found->address,
	                                .ai_next = next};
	return &found->info;
}

int getaddrinfo(const char *host, const char *service, const struct addrinfo *hints,
                struct addrinfo **ret)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += PATIENCE_MS / 1000;
	atomic_fetch_add(&lookups, 1);
	if (strncmp(host, "slow", 4) == 0 && sem_timedwait(&slow_names, &until) != 0)
		return EAI_AGAIN;
	for (size_t i = 0; i < sizeof(NAMES) / sizeof(NAMES[0]); i++) {
		if (strcasecmp(host, NAMES[i].name) != 0)
			continue;
		*ret = NAMES[i].then == NULL ? NULL : found_new(NAMES[i].then, service, NULL);
		*ret = found_new(NAMES[i].first, service, *ret);
		return 0;
	}
	return EAI_NONAME;
}

void freeaddrinfo(struct addrinfo *found)
{
	while (found != NULL) {
		struct addrinfo *next = found->ai_next;

		free(found);
		found = next;
	}
}

/* Calls. */

char url[1024];

const char *url_of(const char *scheme, const char *host, int port, const char *path)
{
	snprintf(url, sizeof(url), "%s://%s:%d%s", scheme, host, port, path);
	return url;
}

const char *at(const char *path)
{
	return url_of("http", "127.0.0.1", peer.port, path);
}

int send_request(struct http_client_request request)
{
	return http_client_send(arena, &request, loop_now_ms() + PATIENCE_MS, &response);
}

int get(const char *address)
{
	return send_request((struct http_client_request){.url = address});
}

void expect_header(const char *name, const char *value)
{
	const char *found = http_client_header(&response, name);

	assert_non_null(found);
	assert_string_equal(found, value);
}

void expect_failure(int rc, int wanted, const char *error)
{
	if (rc != wanted || strcasestr(response.error, error) == NULL)
		fail_msg("%s: %d: %s", url, rc, response.error);
	assert_int_equal(response.status, 0);
	assert_string_equal(response.body, "");
	assert_null(http_client_header(&response, "Content-Length"));
}

int client_start(const char *ca_file)
{
	struct http_client_options options = {.ca_file = ca_file};

	assert_true(networks_parse("127.0.0.1", &options.allowed));
	return http_client_start(&options);
}

/* The peer. */

int peer_start(void **state)
{
	process = python_peer_start(HTTP_PEER);
	assert_int_equal(fscanf(process.output, "%d %d %d %255s", &peer.port, &peer.tls_port,
	                        &peer.clear_port, peer.ca_file),
	                 4);
	sem_init(&slow_names, 0, 0);
	arena = arena_new(64 * 1024 * 1024, NULL, NULL);
	return client_start(peer.ca_file);
}

int peer_stop(void **state)
{
	arena_free(arena);
	http_client_stop();
	python_peer_stop(&process);
	loop_close();
	return 0;
}
