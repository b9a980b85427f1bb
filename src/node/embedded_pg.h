/*
 * embedded_pg: a private PostgreSQL cluster in the data folder, reachable only through its socket.
 * Only the operating system user who started the server can log in as its superuser; all other
 * roles need a password.
 */
#ifndef SEBEZ_NODE_EMBEDDED_PG_H
#define SEBEZ_NODE_EMBEDDED_PG_H

#include <sys/types.h>

#include "node/config.h"
#include "node/data_folder.h"

#define EMBEDDED_PG_SUPERUSER "sebez_super"
#define EMBEDDED_PG_DATABASE "sebez"

/* A file of a cluster that was restored: nothing is archived from it until a server adopts it. A
 * trial may use the folder for backups of a shop that goes on. */
#define EMBEDDED_PG_RESTORED "sebez.restored"
int embedded_pg_adopt(const struct data_folder *data_folder) __attribute__((warn_unused_result));

/* Finds the binaries, stops a postmaster left over from an earlier start, creates the cluster on
 * first use, writes its configuration. Prints the error and returns -errno on failure. */
int embedded_pg_prepare(const struct data_folder *data_folder, const struct config *config)
    __attribute__((warn_unused_result));
int embedded_pg_spawn(const struct data_folder *data_folder, const struct config *config,
                      pid_t *ret) __attribute__((warn_unused_result));
/* A cluster in another folder below the data folder, with settings of this start alone:
 * `name=value`, NULL after the last. */
enum { EMBEDDED_PG_SETTINGS_MAX = 12 };
int embedded_pg_spawn_in(const struct data_folder *data_folder, const struct config *config,
                         const char *name, const char *const *settings, pid_t *ret)
    __attribute__((warn_unused_result));
/* The path of a program of the version that made this cluster: no other can run it. Prints the
 * error. */
int embedded_pg_program(const char *cluster, const char *program, char *ret, size_t size)
    __attribute__((warn_unused_result));
void embedded_pg_stop(pid_t pid);

#endif
