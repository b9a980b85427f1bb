#include "node/embedded_redis.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "node/say.h"

enum { STOP_MS = 5000 };

static const char *const PROGRAMS[] = {"/usr/bin/redis-server", "/usr/bin/valkey-server",
                                       "/usr/local/bin/redis-server",
                                       "/usr/local/bin/valkey-server"};

static void record_path(const struct data_folder *data_folder, char *ret, size_t size)
{
	data_folder_path(data_folder, "redis.pid", ret, size);
}

void embedded_redis_prepare(const struct data_folder *data_folder)
{
	char pid_path[DATA_FOLDER_PATH_MAX];
	pid_t running;

	record_path(data_folder, pid_path, sizeof(pid_path));
	running = child_recorded(pid_path);
	if (running > 0) {
		say("stopping Redis %d, left over from an earlier start", (int)running);
		embedded_redis_stop(running);
	}
}

int embedded_redis_spawn(const struct data_folder *data_folder, pid_t *ret)
{
	char socket_path[DATA_FOLDER_RUN_MAX + 16], pid_path[DATA_FOLDER_PATH_MAX];
	const char *program = NULL;
	const char *argv[] = {"redis-server",
	                      "--port",
	                      "0",
	                      "--unixsocket",
	                      socket_path,
	                      "--unixsocketperm",
	                      "700",
	                      "--save",
	                      "",
	                      "--appendonly",
	                      "no",
	                      "--maxmemory",
	                      "64mb",
	                      "--maxmemory-policy",
	                      "allkeys-lru",
	                      "--daemonize",
	                      "no",
	                      "--dir",
	                      data_folder->run,
	                      "--loglevel",
	                      "warning",
	                      NULL};
	const char *envp[] = {"PATH=/usr/bin:/bin", "LC_ALL=C.UTF-8", NULL};
	struct child_spec spec;
	int rc;

	for (size_t i = 0; i < sizeof(PROGRAMS) / sizeof(PROGRAMS[0]) && program == NULL; i++)
		if (access(PROGRAMS[i], X_OK) == 0)
			program = PROGRAMS[i];
	if (program == NULL) {
		say("redis-server or valkey-server not found: run `make deps`, or set "
		    "REDIS_URL");
		return -ENOENT;
	}
	path_format(socket_path, sizeof(socket_path), "%s/redis.sock", data_folder->run);
	assert(data_folder->run[0] == '/');
	spec = data_folder_child(data_folder, program, argv);
	spec.envp = envp;
	spec.death_signal = SIGTERM;
	spec.output_fd = data_folder_open_log(data_folder, "redis");
	rc = child_spawn(&spec, ret);
	close(spec.output_fd);
	record_path(data_folder, pid_path, sizeof(pid_path));
	if (rc == 0)
		child_record(pid_path, *ret, "");
	else
		say("cannot start %s: %s", program, strerror(-rc));
	return rc;
}

void embedded_redis_stop(pid_t pid)
{
	assert(pid > 0);
	child_stop(pid, SIGTERM, STOP_MS);
}

bool embedded_redis_answers(const struct data_folder *data_folder)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct timeval patience = {.tv_usec = 200000};
	char reply[8] = "";
	bool answers = false;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return false;
	path_format(address.sun_path, sizeof(address.sun_path), "%.88s/redis.sock",
	            data_folder->run);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0 &&
	    send(fd, "PING\r\n", 6, MSG_NOSIGNAL) == 6 && recv(fd, reply, 5, 0) == 5)
		answers = memcmp(reply, "+PONG", 5) == 0;
	close(fd);
	return answers;
}
