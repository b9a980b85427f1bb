#include "node/find.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "node/data_folder.h"
#include "node/running.h"
#include "node/say.h"

enum { SERVERS_MAX = 8 };

struct found {
	char data[DATA_FOLDER_PATH_MAX - 64];
	struct running running; /* pid 0: not running */
};

/* The folder's real path, if it exists and was initialized. */
static bool is_made(const struct config *config, const char *path,
                    char ret[DATA_FOLDER_PATH_MAX - 64])
{
	struct config there = *config;
	char version[DATA_FOLDER_PATH_MAX];

	there.data = path;
	if (data_folder_find(&there, ret, DATA_FOLDER_PATH_MAX - 64) < 0)
		return false;
	path_format(version, sizeof(version), "%s/%s", ret,
	            config->database_url[0] == '\0' ? "postgres/PG_VERSION" : "log");
	return access(version, F_OK) == 0 || errno != ENOENT;
}

/* Finds the folder of `make run` when this program is in a build folder: build/sebez → var. */
static bool look_beside_program(const struct config *config, struct found *ret)
{
	char path[PATH_MAX + 8] = "";

	_Static_assert(sizeof(path) >= PATH_MAX + sizeof("/var"), "a name may follow the path");
	if (readlink("/proc/self/exe", path, PATH_MAX) <= 0)
		return false;
	for (int i = 0; i < 2; i++) {
		char *slash = strrchr(path, '/');

		if (slash == NULL)
			return false;
		*slash = '\0';
	}
	strcat(path, "/var");
	if (!is_made(config, path, ret->data))
		return false;
	if (!running_find(ret->data, &ret->running))
		ret->running.pid = 0;
	return true;
}

/* A server keeps the lock file of its data folder open, so its descriptors reveal the path. */
static bool look_into_process(const char *pid, struct found *ret)
{
	char path[64 + NAME_MAX], target[DATA_FOLDER_PATH_MAX];
	const struct dirent *entry;
	bool found = false;
	DIR *folder;

	path_format(path, sizeof(path), "/proc/%s/fd", pid);
	folder = opendir(path);
	while (folder != NULL && !found && (entry = readdir(folder)) != NULL) {
		ssize_t length;

		path_format(path, sizeof(path), "/proc/%.20s/fd/%s", pid, entry->d_name);
		length = readlink(path, target, sizeof(ret->data) - 1);
		if (length <= 5 || memcmp(target + length - 5, "/lock", 5) != 0)
			continue;
		path_format(ret->data, sizeof(ret->data), "%.*s", (int)length - 5, target);
		found = running_find(ret->data, &ret->running) &&
		        ret->running.pid == (pid_t)strtol(pid, NULL, 10);
	}
	if (folder != NULL)
		closedir(folder);
	return found;
}

/* Finds the servers that this user runs; at most SERVERS_MAX. */
static int look_for_servers(struct found ret[SERVERS_MAX])
{
	DIR *folder = opendir("/proc");
	const struct dirent *entry;
	int count = 0;

	while (folder != NULL && count < SERVERS_MAX && (entry = readdir(folder)) != NULL) {
		char path[16 + NAME_MAX];
		struct stat info;

		path_format(path, sizeof(path), "/proc/%s", entry->d_name);
		if (entry->d_name[0] >= '1' && entry->d_name[0] <= '9' && stat(path, &info) == 0 &&
		    info.st_uid == geteuid() && look_into_process(entry->d_name, &ret[count]))
			count++;
	}
	if (folder != NULL)
		closedir(folder);
	return count;
}

static int take(struct config *config, const struct found *found)
{
	config->data = strdup(found->data);
	assert(config->data != NULL);
	if (found->running.pid > 0)
		say("using the data folder %s, of the running server %d (%s)", found->data,
		    (int)found->running.pid, found->running.url);
	else
		say("using the data folder %s", found->data);
	return 0;
}

static int refuse_choice(const struct found servers[], int count)
{
	assert(count > 1 && count <= SERVERS_MAX);
	say("several servers are running: choose one with SEBEZ_DATA");
	for (int i = 0; i < count; i++)
		say("  SEBEZ_DATA=%s  process %d, %s", servers[i].data, (int)servers[i].running.pid,
		    servers[i].running.url);
	return -EEXIST;
}

/* Called when the configuration names no folder and ./var does not exist or has no running
 * server. */
static int look_elsewhere(struct config *config, enum find_what what)
{
	static struct found servers[SERVERS_MAX], beside;
	bool has_beside = look_beside_program(config, &beside);
	int count;

	if (has_beside && (what == FIND_MADE || beside.running.pid > 0))
		return take(config, &beside);
	count = look_for_servers(servers);
	if (count == 1)
		return take(config, &servers[0]);
	return count > 1 ? refuse_choice(servers, count) : -ENOENT;
}

int find_data(struct config *config, enum find_what what)
{
	char data[DATA_FOLDER_PATH_MAX - 64];
	const char *given = getenv("SEBEZ_DATA");
	bool is_given = given != NULL && given[0] != '\0';
	struct running running;
	int rc;

	/* With external services no data folder is needed. */
	if (what == FIND_NOTHING ||
	    (what == FIND_MADE && config->database_url[0] != '\0' && config->redis_url[0] != '\0'))
		return 0;
	if (is_made(config, config->data, data) &&
	    (what == FIND_MADE || running_find(data, &running)))
		return 0;
	rc = is_given ? -ENOENT : look_elsewhere(config, what);
	if (rc == 0 || rc == -EEXIST)
		return rc;
	if (what == FIND_RUNNING)
		say("no server with the data folder %s is running", config->data);
	else
		say("there is no data folder %s yet: `sebez serve` or `sebez migrate` makes it, "
		    "and SEBEZ_DATA names another one",
		    config->data);
	return rc;
}
