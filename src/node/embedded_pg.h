/*
 * embedded_pg: a private PostgreSQL under the data folder, reachable only through its socket. Its
 * superuser logs in as the operating system user who started us and as nobody else; all other
 * roles need their password.
 */
#ifndef SEBEZ_NODE_EMBEDDED_PG_H
#define SEBEZ_NODE_EMBEDDED_PG_H

#include <sys/types.h>

#include "node/config.h"
#include "node/data_folder.h"

#define EMBEDDED_PG_SUPERUSER "sebez_super"
#define EMBEDDED_PG_DATABASE "sebez"

/* Finds the binaries, ends what an earlier start left running, makes the cluster on first use,
 * writes its configuration. Says what went wrong and returns -errno. */
int embedded_pg_prepare(const struct data_folder *data_folder, const struct config *config)
    __attribute__((warn_unused_result));
int embedded_pg_spawn(const struct data_folder *data_folder, pid_t *ret)
    __attribute__((warn_unused_result));
void embedded_pg_stop(pid_t pid);

#endif
