/*
 * nginx_conf: `sebez nginx-conf` prints the configuration of nginx in front of this server. Bounds
 * and times are those of base/limits.h and of the settings, so both agree.
 */
#ifndef SEBEZ_NODE_NGINX_CONF_H
#define SEBEZ_NODE_NGINX_CONF_H

#include <stdbool.h>

#include "node/config.h"
#include "node/words.h"

/* The options of the command; NULL and empty lists are those not given. */
struct nginx_options {
	struct words names;     /* of the marketplace's hosts */
	struct words upstreams; /* address:port or unix:/path; by default SEBEZ_LISTEN */
	struct words metrics;   /* networks that may read /metrics */
	const char *upstream_file;
	const char *cert, *key;
	const char *https, *http; /* a port, or address:port */
	const char *acme;         /* the folder of an ACME client's challenges */
	const char *cache;        /* the folder for public pictures */
	const char *log;          /* a file, or off */
	const char *version;      /* of nginx: 1.26 */
	bool whole;
};

/* Prints it, or what is wrong with the options. Returns the exit status. */
int nginx_conf_main(const struct config *config, const struct nginx_options *options);

#endif
