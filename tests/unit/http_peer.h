/*
 * http_peer: what the tests of the HTTP client call: the servers of http_peer.py, a resolver that
 * knows names of the tests only (http_peer.c) and so leads anywhere, and calls with what came back.
 * The client is started with 127.0.0.1 as the only allowed network.
 */
#ifndef SEBEZ_TESTS_HTTP_PEER_H
#define SEBEZ_TESTS_HTTP_PEER_H

#include <semaphore.h>
#include <stdatomic.h>

#include "net/http_client.h"

enum { PATIENCE_MS = 60000 };

/* Ports of 127.0.0.1. The certificate is for peer.test. */
extern struct peer {
	int port, tls_port;
	int clear_port; /* HTTP/2 without TLS */
	char ca_file[256];
} peer;

extern sem_t slow_names;   /* each lookup of slow….test waits for a post */
extern atomic_int lookups; /* that have begun */

/* For cmocka's groups. */
int peer_start(void **state);
int peer_stop(void **state);

int client_start(const char *ca_file); /* peer_start has done it, with the peer's */

extern char url[1024];
const char *url_of(const char *scheme, const char *host, int port, const char *path); /* in url */
const char *at(const char *path); /* the server without TLS; in url */

extern struct arena *arena;
extern struct http_client_response response; /* of the latest call */

int send_request(struct http_client_request request);
int get(const char *address);
void expect_header(const char *name, const char *value);
void expect_failure(int rc, int wanted, const char *error);

#endif
