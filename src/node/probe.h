/*
 * probe: `sebez probe URL`: does what a customer does, against a running server from anywhere, and
 * says how long each step took.
 */
#ifndef SEBEZ_NODE_PROBE_H
#define SEBEZ_NODE_PROBE_H

#include "node/config.h"

struct probe_options {
	const char *url;
	const char *email;   /* of an account without a second factor; NULL: a new one is made */
	const char *vendor;  /* slug of whom to order from; NULL: of anybody */
	const char *metrics; /* file for them; NULL: none */
};

/* Returns an exit status: 0 when every step succeeded. */
int probe_main(const struct config *config, const struct probe_options *options);

#endif
