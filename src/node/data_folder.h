/*
 * data_folder: the layout of the data folder, and the user that the server's processes run as.
 *
 *   data/secret         the key
 *   data/postgres/      the embedded cluster
 *   data/log/           log files of PostgreSQL and Redis
 *   data/sebez.pid      pid and details of the supervisor
 *   data/lock, users    locks of the owner and of the borrowers of the embedded services
 *   data/run/           sockets; elsewhere when the path is too long for a socket, inaccessible to
 *                       the user the processes run as, or has quotes or commas. data/run.path holds
 *                       the actual path.
 *
 * When root starts the server, all processes except the supervisor run as an unprivileged user.
 * That user may have no access to the data folder (root's home): processes that need the folder get
 * it as an open descriptor.
 *
 * When all services are external the folder may be absent or read-only (a container).
 *
 * When an unprivileged user has started the server, a tool run by root switches to that user.
 * Otherwise it would leave files behind that the server cannot open.
 */
#ifndef SEBEZ_NODE_DATA_FOLDER_H
#define SEBEZ_NODE_DATA_FOLDER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <sys/un.h>

#include "node/child.h"
#include "node/config.h"

enum { DATA_FOLDER_PATH_MAX = 1024, DATA_FOLDER_RUN_MAX = 88 };

_Static_assert(DATA_FOLDER_RUN_MAX + sizeof("/.s.PGSQL.5432") <=
                   sizeof(((struct sockaddr_un *)NULL)->sun_path),
               "the path of a socket fits");

struct data_folder {
	char data[DATA_FOLDER_PATH_MAX]; /* absolute */
	char run[DATA_FOLDER_RUN_MAX]; /* absolute; short enough to append "/.s.PGSQL.5432"; "" when
	                                  nothing is embedded */
	bool switches_user;
	uid_t uid; /* of the children */
	gid_t gid;
	char user[64];
	bool reachable; /* the children can access `data` by its path */
	bool absent;    /* nothing can be written there, and nothing has to be */
};

/* Creates the folders; those of embedded services only when there are any. When it cannot, and
 * config_needs_folder() is false, the folder is absent: no locks, no record of the server. Prints
 * the error and returns -errno on failure. */
int data_folder_open(const struct config *config, struct data_folder *ret)
    __attribute__((warn_unused_result));

/* Resolves only the data folder's absolute path, for read-only tools. */
int data_folder_find(const struct config *config, char *ret, size_t size)
    __attribute__((warn_unused_result));

/* For tools that use the embedded services: as root, switches to the user who owns them (the owner
 * of data/lock, or of a data folder in which nothing was started yet), unless SEBEZ_RUN_AS names a
 * user. Prints the error and returns -errno on failure. */
int data_folder_become_owner(const struct config *config) __attribute__((warn_unused_result));

/* Whether the user of the children can enter a folder by its path. */
bool data_folder_is_reachable(const struct data_folder *data_folder, const char *path);

/* snprintf for paths: asserts that the result fits. */
void path_format(char *ret, size_t size, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void data_folder_path(const struct data_folder *data_folder, const char *name, char *ret,
                      size_t size);

/* Creates a folder owned by the children's user, mode 0700. */
int data_folder_make_folder(const struct data_folder *data_folder, const char *path)
    __attribute__((warn_unused_result));

/* data_folder_make_run recreates the socket folder if it is missing. data_folder_remove_run removes
 * it when the owner stops, unless it is inside the data folder: nothing is left in /run or /tmp. */
int data_folder_make_run(const struct data_folder *data_folder) __attribute__((warn_unused_result));
void data_folder_remove_run(const struct data_folder *data_folder);

/* Opens the log file data/log/<name>.log for appending; a file over 10 MB is rotated first. */
int data_folder_open_log(const struct data_folder *data_folder, const char *name);

struct child_spec data_folder_child(const struct data_folder *data_folder, const char *program,
                                    const char *const argv[]);

#endif
