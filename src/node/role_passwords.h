/*
 * role_passwords: the passwords of the database roles, all derived from the secret. A server with
 * another secret cannot log in, so changing the passwords cuts off all servers that use the old
 * secret.
 */
#ifndef SEBEZ_NODE_ROLE_PASSWORDS_H
#define SEBEZ_NODE_ROLE_PASSWORDS_H

#include <libpq-fe.h>

#include "node/schema.h"
#include "node/secret.h"

enum role_passwords { ROLE_PASSWORDS_MISSING, ROLE_PASSWORDS_OURS, ROLE_PASSWORDS_OTHER };

/* Whether the passwords were derived from this secret, as recorded in the database. */
enum role_passwords role_passwords_state(const struct schema *schema, const struct secret *secret);

/* Sets the passwords of all roles and records their key. Prints the error and returns -errno on
 * failure. */
int role_passwords_set(PGconn *conn, const struct secret *secret)
    __attribute__((warn_unused_result));

#endif
