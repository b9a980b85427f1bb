/*
 * data_folder: where a server keeps its things, and who its processes run as.
 *
 *   data/secret         the key
 *   data/postgres/      the embedded cluster
 *   data/log/           what PostgreSQL and Redis say
 *   data/sebez.pid      the supervisor
 *   data/lock, users    who owns the embedded services, and who borrows them
 *   data/run/           sockets; elsewhere when the path is too long for a socket, closed to the
 *                       user the processes run as, or has quotes or commas. data/run.path says
 *                       where.
 *
 * Started by root, all processes but the supervisor run as an ordinary user. The data folder may
 * then be closed to that user (root's home): what needs it gets it as an open descriptor.
 *
 * Where an ordinary user has started the server, a tool that root calls becomes that user, or it
 * would leave files behind that the server cannot open.
 */
#ifndef SEBEZ_NODE_DATA_FOLDER_H
#define SEBEZ_NODE_DATA_FOLDER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "node/child.h"
#include "node/config.h"

enum { DATA_FOLDER_PATH_MAX = 1024, DATA_FOLDER_RUN_MAX = 88 };

struct data_folder {
	char data[DATA_FOLDER_PATH_MAX]; /* absolute */
	char run[DATA_FOLDER_RUN_MAX];   /* absolute; short enough for "/.s.PGSQL.5432" after it; ""
	                                  * when   nothing is embedded */
	bool switches_user;
	uid_t uid; /* of the children */
	gid_t gid;
	char user[64];
	bool reachable; /* the children can reach `data` by its path */
};

/* Makes the folders, those of embedded services only when there are any. Says what went wrong and
 * returns -errno. */
int data_folder_open(const struct config *config, struct data_folder *ret)
    __attribute__((warn_unused_result));

/* Only the data folder's absolute path, for tools that just look. */
int data_folder_find(const struct config *config, char *ret, size_t size)
    __attribute__((warn_unused_result));

/* For tools that use the embedded services: as root, becomes the user whose they are (of data/lock,
 * or of a folder in which nothing was started yet), unless SEBEZ_RUN_AS names one. Says what went
 * wrong and returns -errno. */
int data_folder_become_owner(const struct config *config) __attribute__((warn_unused_result));

/* snprintf for paths: asserts that it fits. */
void path_format(char *ret, size_t size, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void data_folder_path(const struct data_folder *data_folder, const char *name, char *ret,
                      size_t size);

/* A folder of the data folder that belongs to the children's user, mode 0700. */
int data_folder_make_folder(const struct data_folder *data_folder, const char *path)
    __attribute__((warn_unused_result));

/* The folder of sockets is made again where it has gone, and is gone when its owner has stopped,
 * unless it is in the data folder: nothing of us stays in /run or /tmp. */
int data_folder_make_run(const struct data_folder *data_folder) __attribute__((warn_unused_result));
void data_folder_remove_run(const struct data_folder *data_folder);

/* The log file data/log/<name>.log, opened for appending; one that is over 10 MB is put aside. */
int data_folder_open_log(const struct data_folder *data_folder, const char *name);

struct child_spec data_folder_child(const struct data_folder *data_folder, const char *program,
                                    const char *const argv[]);

#endif
