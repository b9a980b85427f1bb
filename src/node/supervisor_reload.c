#include <errno.h>
#include <signal.h>
#include <stdio.h>

#include "node/child.h"
#include "node/place.h"
#include "node/say.h"
#include "node/supervisor.h"

int supervisor_reload(const struct config *config)
{
	char data[PLACE_PATH_MAX - 64], note[PLACE_PATH_MAX];
	pid_t pid = 0;

	if (place_find(config, data, sizeof(data)) == 0) {
		snprintf(note, sizeof(note), "%s/sebez.pid", data);
		pid = child_noted(note);
	}
	if (pid > 0 && kill(pid, SIGHUP) == 0) {
		printf("asked the server %d to replace its processes\n", (int)pid);
		return 0;
	}
	if (pid > 0 && errno == EPERM)
		say("the server %d belongs to another user: only that one or root may ask it",
		    (int)pid);
	else
		say("no server with the data folder %s is running", config->data);
	return 1;
}
