/*
 * sealed: what the database has that is sealed with a key made of the secret: the secrets of
 * authenticator apps, and tokens of identity providers. The keys are those of node/token_keys.h.
 */
#ifndef SEBEZ_NODE_SEALED_H
#define SEBEZ_NODE_SEALED_H

#include <libpq-fe.h>
#include <stdbool.h>
#include <stdint.h>

struct sealed {
	int64_t all, old, lost; /* old: with another key than the newest; lost: with none of them */
};

/* Goes through all of it, in transactions of 1,000 rows. rewrites: what is old is sealed with the
 * newest. Prints the error and returns -errno on failure. */
int sealed_go_through(PGconn *conn, bool rewrites, struct sealed *ret)
    __attribute__((warn_unused_result));

#endif
