/*
 * running: the file data/sebez.pid that describes a running server, and the commands for a running
 * server: reload, stop, status.
 */
#ifndef SEBEZ_NODE_RUNNING_H
#define SEBEZ_NODE_RUNNING_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "node/config.h"
#include "node/data_folder.h"

struct running {
	pid_t pid;     /* of the supervisor */
	char url[128]; /* where it listens; "" while unknown */
	char version[32];
	int64_t since_s; /* Unix time of its start */
	bool serves;     /* its processes are ready */
};

/* Finds the server that runs with this data folder (an absolute path); false when there is none. */
bool running_find(const char *data, struct running *ret);

/* Records the calling process as the server of the data folder, until running_forget. */
void running_record(const struct data_folder *data_folder, const char *url, bool serves);
void running_forget(const struct data_folder *data_folder);

/* Prints that this server is running and how to stop it. */
void running_say(const char *data, const struct running *running);

/* Commands. They return exit statuses. */
int running_reload(const struct config *config);
int running_stop(const struct config *config);
int running_status(const struct config *config);

#endif
