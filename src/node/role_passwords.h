/*
 * role_passwords: the passwords of the database roles, all derived from the secret. Who has another
 * secret cannot log in, so a change of them ends the service of all servers that have the old one.
 */
#ifndef SEBEZ_NODE_ROLE_PASSWORDS_H
#define SEBEZ_NODE_ROLE_PASSWORDS_H

#include <libpq-fe.h>

#include "node/schema.h"
#include "node/secret.h"

enum role_passwords { ROLE_PASSWORDS_MISSING, ROLE_PASSWORDS_OURS, ROLE_PASSWORDS_OTHER };

/* From which key they were made, as the database noted it. */
enum role_passwords role_passwords_state(const struct schema *schema, const struct secret *secret);

/* Sets those of all roles, and notes it. Says what went wrong and returns -errno. */
int role_passwords_set(PGconn *conn, const struct secret *secret)
    __attribute__((warn_unused_result));

#endif
