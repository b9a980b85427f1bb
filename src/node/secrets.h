/*
 * secrets: `sebez secrets`: a new SEBEZ_SECRET for a running shop. docs/OPERATIONS.md, "Secrets",
 * describes it for operators, docs/ARCHITECTURE.md ("A running server") how the server takes it.
 */
#ifndef SEBEZ_NODE_SECRETS_H
#define SEBEZ_NODE_SECRETS_H

#include "node/config.h"

/* Commands. They return exit statuses. */
int secrets_rotate_main(const struct config *config);
int secrets_status_main(const struct config *config);
int secrets_end_main(const struct config *config);
/* Of the supervisor, when all processes know both: passwords of roles and what is sealed. */
int secrets_carry_main(const struct config *config);

#endif
