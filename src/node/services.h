/*
 * services: the PostgreSQL and Redis of a server or tool: external ones, or the embedded ones of
 * the data folder.
 *
 * The embedded services have one owner, which holds data/lock: the running `sebez serve`, or the
 * first of several tools. Other tools borrow them (a shared lock on data/users). An owner that is a
 * tool waits for the borrowers before it stops the services.
 */
#ifndef SEBEZ_NODE_SERVICES_H
#define SEBEZ_NODE_SERVICES_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "node/config.h"
#include "node/data_folder.h"
#include "node/secret.h"

enum { CONNINFO_MAX = 4096 };

enum services_use {
	SERVICES_SERVE, /* owns; fails when a server is running, waits for tools */
	SERVICES_TOOL,  /* owns or borrows */
};

struct services {
	const struct config *config; /* outlives it */
	struct data_folder data_folder;
	bool pg_embedded, redis_embedded;
	bool owner;
	int lock_fd, users_fd;    /* -1 when not held */
	pid_t pg, redis;          /* the owner's children; 0 when not running */
	char admin[CONNINFO_MAX]; /* conninfo of a login that may migrate; with a timeout */
	char base[CONNINFO_MAX];  /* conninfo without user and password */
	char redis_url[2100];
};

/* True after a signal caught by the handler that services_catch_signals installs, or when the
 * terminal was closed: a slow start aborts early. A SIGHUP that arrives before there is something
 * to reload is ignored. */
bool services_stop_asked(void);
void services_catch_signals(void);

/* Starts or borrows the services and waits until they respond. Prints the error and returns -errno
 * on failure. */
int services_open(const struct config *config, enum services_use use, struct services *ret)
    __attribute__((warn_unused_result));
/* Stops owned services, releases borrowed ones. */
void services_close(struct services *services);

/* base plus user and password of a role. */
void services_role_conninfo(const char *base, const struct secret *secret, const char *role,
                            char *ret, size_t size);

#endif
