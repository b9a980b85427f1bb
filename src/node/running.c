#include "node/running.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "node/backup_keeper.h"
#include "node/child.h"
#include "node/say.h"

/* In addition to the server's drain time: PostgreSQL writes its checkpoint. */
enum { STOP_MS = 60 * 1000, POLL_MS = 20 };

static void record_path(const char *data, char *ret, size_t size)
{
	assert(data[0] == '/');
	path_format(ret, size, "%s/sebez.pid", data);
}

bool running_find(const char *data, struct running *ret)
{
	struct running running = {0};
	char path[DATA_FOLDER_PATH_MAX], line[256];
	int serves = 0;
	FILE *file;

	record_path(data, path, sizeof(path));
	running.pid = child_recorded(path);
	if (running.pid <= 0)
		return false;
	file = fopen(path, "re");
	/* Each value fits one line; the first line is child_record's. */
	while (file != NULL && fgets(line, sizeof(line), file) != NULL) {
		(void)sscanf(line, "url %127s", running.url);
		(void)sscanf(line, "version %31s", running.version);
		(void)sscanf(line, "since %" SCNd64, &running.since_s);
		(void)sscanf(line, "serves %d", &serves);
	}
	if (file != NULL)
		fclose(file);
	running.serves = serves != 0;
	*ret = running;
	return true;
}

void running_record(const struct data_folder *data_folder, const char *url, bool serves)
{
	static int64_t since_s;
	char path[DATA_FOLDER_PATH_MAX], text[256];

	if (since_s == 0)
		since_s = (int64_t)time(NULL);
	if (data_folder->absent)
		return;
	record_path(data_folder->data, path, sizeof(path));
	path_format(text, sizeof(text), "url %s\nversion %s\nsince %" PRId64 "\nserves %d\n", url,
	            SEBEZ_VERSION, since_s, serves);
	child_record(path, getpid(), text);
}

void running_forget(const struct data_folder *data_folder)
{
	char path[DATA_FOLDER_PATH_MAX];

	if (data_folder->absent)
		return;
	record_path(data_folder->data, path, sizeof(path));
	unlink(path);
}

void running_say(const char *data, const struct running *running)
{
	say("already running: %s, process %d, data folder %s\nTo stop it: %s stop",
	    running->url[0] != '\0' ? running->url : "starting or stopping", (int)running->pid,
	    data, program_invocation_name);
}

/* Finds the configuration's server. It was running when find_data chose the folder (node/find.h),
 * but may have stopped since. */
static bool find(const struct config *config, char data[DATA_FOLDER_PATH_MAX - 64],
                 struct running *ret)
{
	if (data_folder_find(config, data, DATA_FOLDER_PATH_MAX - 64) == 0 &&
	    running_find(data, ret))
		return true;
	say("no server with the data folder %s is running", config->data);
	return false;
}

static bool ask(const struct running *running, int signal)
{
	assert(running->pid > 1);
	if (kill(running->pid, signal) == 0)
		return true;
	if (errno == EPERM)
		say("server %d belongs to another user: only that user or root may control it",
		    (int)running->pid);
	else
		say("cannot signal server %d: %s", (int)running->pid, strerror(errno));
	return false;
}

int running_reload(const struct config *config)
{
	char data[DATA_FOLDER_PATH_MAX - 64];
	struct running running;

	if (!find(config, data, &running) || !ask(&running, SIGHUP))
		return 1;
	printf("server %d is reloading\n", (int)running.pid);
	return 0;
}

int running_stop(const struct config *config)
{
	int64_t end_ms = clock_monotonic_ms() + config->drain_ms + STOP_MS;
	char data[DATA_FOLDER_PATH_MAX - 64];
	struct running running;

	if (!find(config, data, &running) || !ask(&running, SIGTERM))
		return 1;
	while (child_is_alive(running.pid)) {
		if (clock_monotonic_ms() > end_ms) {
			say("server %d was asked to stop and is still running", (int)running.pid);
			return 1;
		}
		child_sleep_ms(POLL_MS);
	}
	printf("stopped server %d\n", (int)running.pid);
	return 0;
}

int running_status(const struct config *config)
{
	char data[DATA_FOLDER_PATH_MAX - 64], since[32] = "", backup[160];
	struct running running;
	time_t at;
	struct tm utc;

	if (!find(config, data, &running))
		return 1;
	at = (time_t)running.since_s;
	strftime(since, sizeof(since), "%Y-%m-%d %H:%M:%S UTC", gmtime_r(&at, &utc));
	printf("Sebez is %s:  %s\n  process  %d\n  version  %s\n  since    %s\n  data     %s\n",
	       running.serves ? "running" : "starting", running.url, (int)running.pid,
	       running.version, since, data);
	backup_note_read(data, backup, sizeof(backup));
	if (backup[0] != '\0')
		printf("  backup   %s\n", backup);
	return 0;
}
