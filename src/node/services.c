#include "node/services.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <libpq-fe.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/clock.h"
#include "node/conninfo.h"
#include "node/embedded_pg.h"
#include "node/embedded_redis.h"
#include "node/running.h"
#include "node/say.h"
#include "node/terminal.h"

/* A cluster in crash recovery replays up to max_wal_size before it responds. */
enum { READY_MS = 60000, EXTERNAL_READY_MS = 15000, LOCK_MS = 60000, POLL_MS = 10 };
enum { RETRY_MS = 200, RETRY_FOR_MS = 5000 };

static volatile sig_atomic_t stop_asked;

static void ask_stop(int number)
{
	(void)number;
	stop_asked = 1;
}

static void ignore_signal(int number)
{
	(void)number;
}

void services_catch_signals(void)
{
	struct sigaction action = {.sa_handler = ask_stop};
	/* A handler instead of SIG_IGN: an ignored signal may not reach the supervisor's
	 * signalfd. */
	struct sigaction deaf = {.sa_handler = ignore_signal, .sa_flags = SA_RESTART};

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGHUP, &deaf, NULL);
}

bool services_stop_asked(void)
{
	return stop_asked != 0 || terminal_is_closed();
}

static int open_lock(const struct data_folder *data_folder, const char *name)
{
	char path[DATA_FOLDER_PATH_MAX];

	data_folder_path(data_folder, name, path, sizeof(path));
	return open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
}

static void sign_lock(int fd, enum services_use use)
{
	char text[64];
	int length = snprintf(text, sizeof(text), "%s %d\n",
	                      use == SERVICES_SERVE ? "serve" : "tool", (int)getpid());

	assert(length > 0 && (size_t)length < sizeof(text));
	if (ftruncate(fd, 0) != 0 || pwrite(fd, text, (size_t)length, 0) != length)
		say("cannot write the lock file: %s", strerror(errno));
}

/* The pid of the server that holds the lock, or 0 when a tool holds it. */
static pid_t holding_server(int fd)
{
	char text[64] = "";
	int pid = 0;

	if (pread(fd, text, sizeof(text) - 1, 0) <= 0 || sscanf(text, "serve %d", &pid) != 1)
		return 0;
	return pid;
}

/* 1: owner, 0: borrower, or -errno. */
static int take_lock(struct services *services, enum services_use use)
{
	assert(services->lock_fd < 0 && services->users_fd < 0);

	int64_t deadline_ms = clock_monotonic_ms() + LOCK_MS;
	struct running running = {0};
	bool reported = false;

	services->lock_fd = open_lock(&services->data_folder, "lock");
	services->users_fd = open_lock(&services->data_folder, "users");
	if (services->lock_fd < 0 || services->users_fd < 0) {
		int rc = -errno;

		say("cannot write to the data folder %s: %s", services->data_folder.data,
		    strerror(-rc));
		return rc;
	}
	while (flock(services->lock_fd, LOCK_EX | LOCK_NB) != 0) {
		if (use == SERVICES_TOOL)
			return flock(services->users_fd, LOCK_SH) == 0 ? 0 : -errno;
		running.pid = holding_server(services->lock_fd);
		if (running.pid > 0) {
			(void)running_find(services->data_folder.data, &running);
			running_say(services->data_folder.data, &running);
			return -EBUSY;
		}
		if (!reported)
			say("waiting for another sebez command that uses %s",
			    services->data_folder.data);
		reported = true;
		if (services_stop_asked())
			return -EINTR;
		if (clock_monotonic_ms() > deadline_ms) {
			say("gave up: that command is still running");
			return -ETIMEDOUT;
		}
		child_sleep_ms(POLL_MS);
	}
	sign_lock(services->lock_fd, use);
	return 1;
}

static int describe(const struct config *config, struct services *services)
{
	int rc;

	services->pg_embedded = config->database_url[0] == '\0';
	services->redis_embedded = config->redis_url[0] == '\0';
	if (services->redis_embedded)
		path_format(services->redis_url, sizeof(services->redis_url), "unix:%s/redis.sock",
		            services->data_folder.run);
	else
		path_format(services->redis_url, sizeof(services->redis_url), "%s",
		            config->redis_url);
	if (!services->pg_embedded)
		return conninfo_split(config->database_url, services->admin, services->base,
		                      CONNINFO_MAX);
	rc = conninfo_add(services->base, CONNINFO_MAX, "host", services->data_folder.run);
	if (rc == 0)
		rc = conninfo_add(services->base, CONNINFO_MAX, "dbname", EMBEDDED_PG_DATABASE);
	if (rc < 0)
		return rc;
	strcpy(services->admin, services->base);
	rc = conninfo_add(services->admin, CONNINFO_MAX, "connect_timeout", CONNINFO_CONNECT_S);
	return rc < 0 ? rc
	              : conninfo_add(services->admin, CONNINFO_MAX, "user", EMBEDDED_PG_SUPERUSER);
}

static int start_owned(const struct config *config, enum services_use use,
                       struct services *services)
{
	assert(services->owner && services->pg == 0 && services->redis == 0);
	/* The previous owner may have removed the folder in the meantime. */
	int rc = data_folder_make_run(&services->data_folder);

	if (rc == 0 && services->redis_embedded) {
		embedded_redis_prepare(&services->data_folder);
		rc = embedded_redis_spawn(&services->data_folder, &services->redis);
	}
	if (rc == 0 && services->pg_embedded && use == SERVICES_SERVE)
		rc = embedded_pg_adopt(&services->data_folder);
	if (rc == 0 && services->pg_embedded) {
		rc = embedded_pg_prepare(&services->data_folder, config);
		if (rc == 0)
			rc = embedded_pg_spawn(&services->data_folder, services->config,
			                       &services->pg);
	}
	return rc;
}

/* Sessions may outlive a killed postmaster briefly, and until they have exited a new one cannot
 * attach to the shared memory: retry for a while. */
static int start_pg_again(struct services *services, int64_t until_ms)
{
	services->pg = 0;
	if (clock_monotonic_ms() < until_ms) {
		child_sleep_ms(RETRY_MS);
		return embedded_pg_spawn(&services->data_folder, services->config, &services->pg);
	}
	say("PostgreSQL did not start; see %s/log/postgres.log", services->data_folder.data);
	return -ECHILD;
}

/* One more attempt to get libpq's message, which names the host but no password. */
static int say_why(const struct services *services, int rc)
{
	PGconn *conn = PQconnectdb(services->admin);

	say("PostgreSQL does not respond: %s", PQerrorMessage(conn));
	PQfinish(conn);
	return rc;
}

static int wait_pg(struct services *services)
{
	int64_t now_ms = clock_monotonic_ms();
	int64_t deadline_ms = now_ms + (services->pg_embedded ? READY_MS : EXTERNAL_READY_MS);
	int64_t retry_until_ms = now_ms + RETRY_FOR_MS;
	int rc;

	for (;;) {
		PGPing state = PQping(services->admin);

		if (state == PQPING_OK)
			return 0;
		if (state == PQPING_NO_ATTEMPT)
			return say_why(services, -EINVAL);
		if (services_stop_asked())
			return -EINTR;
		if (services->pg > 0 && !child_is_alive(services->pg)) {
			rc = start_pg_again(services, retry_until_ms);
			if (rc < 0)
				return rc;
		}
		if (clock_monotonic_ms() > deadline_ms)
			return say_why(services, -ETIMEDOUT);
		child_sleep_ms(POLL_MS);
	}
}

static int wait_redis(struct services *services)
{
	int64_t deadline_ms = clock_monotonic_ms() + READY_MS;

	while (services->redis_embedded && !embedded_redis_answers(&services->data_folder)) {
		if (services_stop_asked())
			return -EINTR;
		if (services->redis > 0 && !child_is_alive(services->redis)) {
			services->redis = 0;
			say("Redis did not start; see %s/log/redis.log",
			    services->data_folder.data);
			return -ECHILD;
		}
		if (clock_monotonic_ms() > deadline_ms) {
			say("Redis does not respond");
			return -ETIMEDOUT;
		}
		child_sleep_ms(POLL_MS);
	}
	return 0;
}

int services_open(const struct config *config, enum services_use use, struct services *ret)
{
	struct services *services = ret;
	unsigned said = say_count();
	bool embedded;
	int rc;

	memset(services, 0, sizeof(*services));
	services->lock_fd = -1;
	services->users_fd = -1;
	services->config = config;
	embedded = config->database_url[0] == '\0' || config->redis_url[0] == '\0';
	rc = embedded && use == SERVICES_TOOL ? data_folder_become_owner(config) : 0;
	if (rc == 0)
		rc = data_folder_open(config, &services->data_folder);
	if (rc == 0)
		rc = describe(config, services);
	if (rc == 0 && services->data_folder.absent) {
		services->owner = use == SERVICES_SERVE;
	} else if (rc == 0 && (embedded || use == SERVICES_SERVE)) {
		rc = take_lock(services, use);
		services->owner = rc == 1;
		if (rc == 1)
			rc = embedded ? start_owned(config, use, services) : 0;
	}
	if (rc == 0)
		rc = wait_pg(services);
	if (rc == 0)
		rc = wait_redis(services);
	if (rc < 0 && say_count() == said && !services_stop_asked())
		say("cannot start the services of %s: %s", config->data, strerror(-rc));
	if (rc < 0)
		services_close(services);
	return rc;
}

void services_close(struct services *services)
{
	/* A borrower has started nothing. */
	assert(services->owner || (services->pg == 0 && services->redis == 0));
	/* Other tools may still be using the services that this one started. */
	if (services->owner && services->users_fd >= 0 &&
	    (services->pg > 0 || services->redis > 0) && holding_server(services->lock_fd) == 0)
		flock(services->users_fd, LOCK_EX);
	if (services->redis > 0)
		embedded_redis_stop(services->redis);
	if (services->pg > 0)
		embedded_pg_stop(services->pg);
	services->redis = 0;
	services->pg = 0;
	if (services->owner)
		data_folder_remove_run(&services->data_folder);
	if (services->users_fd >= 0)
		close(services->users_fd);
	if (services->lock_fd >= 0)
		close(services->lock_fd);
	services->users_fd = -1;
	services->lock_fd = -1;
}

void services_role_conninfo(const char *base, const struct secret *secret, const char *role,
                            char *ret, size_t size)
{
	char password[SECRET_TEXT_LENGTH + 1];

	secret_role_password(secret, role, password);
	path_format(ret, size, "%s user=%s password=%s application_name=sebez", base, role,
	            password);
	explicit_bzero(password, sizeof(password));
}
