#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <libpq-fe.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "node/admin_db.h"
#include "node/backup.h"
#include "node/backup_rest.h"
#include "node/backup_secrets.h"
#include "node/backup_wal.h"
#include "node/child.h"
#include "node/conninfo.h"
#include "node/embedded_pg.h"
#include "node/say.h"

enum { POLL_MS = 50, SAY_MS = 60 * 1000, COMMAND_MAX = 2560 };

#define UNFINISHED "postgres.new"

struct restore {
	const struct config *config;
	const struct data_folder *data_folder;
	struct backup_folder *folder;
	const struct backup_target *target;
	struct backup_choice choice;
	int lock_fd;
};

static int take_lock(struct restore *restore)
{
	char path[DATA_FOLDER_PATH_MAX];

	data_folder_path(restore->data_folder, "lock", path, sizeof(path));
	restore->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (restore->lock_fd < 0)
		return -errno;
	if (flock(restore->lock_fd, LOCK_EX | LOCK_NB) != 0) {
		say("a server or a command uses %s: stop it first", restore->data_folder->data);
		return -EBUSY;
	}
	data_folder_path(restore->data_folder, "postgres", path, sizeof(path));
	if (access(path, F_OK) == 0) {
		say("%s has a database: nothing is replaced; move %s away, or name another data "
		    "folder with SEBEZ_DATA",
		    restore->data_folder->data, path);
		return -EEXIST;
	}
	return 0;
}

/* Runs a program as PostgreSQL's user on the new cluster, which it sees as descriptor 3. */
static int spawn_on(const struct restore *restore, const char *program, const char *const *argv,
                    int cluster, int input, pid_t *ret)
{
	static const char *const ENVP[] = {"PATH=/usr/bin:/bin", "LC_ALL=C.UTF-8", "TZ=UTC", NULL};
	struct child_spec spec = data_folder_child(restore->data_folder, program, argv);

	spec.envp = ENVP;
	spec.input_fd = input;
	spec.death_signal = SIGTERM;
	spec.fds[0] = cluster;
	spec.fd_count = 1;
	spec.output_fd = data_folder_open_log(restore->data_folder, "restore");
	int rc = child_spawn(&spec, ret);

	close(spec.output_fd);
	return rc;
}

static int wait_for(pid_t pid)
{
	int status = 0;
	pid_t ended;

	while ((ended = waitpid(pid, &status, WNOHANG)) != pid) {
		if (ended < 0 && errno != EINTR)
			return -errno;
		if (services_stop_asked())
			kill(pid, SIGTERM);
		child_sleep_ms(POLL_MS);
	}
	return status == 0 ? 0 : services_stop_asked() ? -EINTR : -EIO;
}

static int unpack(const struct restore *restore, int cluster)
{
	const char *argv[] = {"tar", "-x", "-C", "/proc/self/fd/3", NULL};
	int dir = openat(restore->folder->base_fd, restore->choice.info.label,
	                 O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	int pipes[2], rc, ended;
	pid_t pid;

	if (dir < 0 || pipe2(pipes, O_CLOEXEC) != 0)
		return -errno;
	rc = spawn_on(restore, "/bin/tar", argv, cluster, pipes[0], &pid);
	close(pipes[0]);
	if (rc == 0) {
		signal(SIGPIPE, SIG_IGN); /* tar may end early: then its status says so */
		rc = backup_file_get(dir, "base.tar", &restore->folder->key, pipes[1]);
		close(pipes[1]);
		ended = wait_for(pid);
		rc = rc == 0 ? ended : rc;
	}
	close(dir);
	if (rc < 0 && rc != -EINTR)
		say("backup %s cannot be unpacked: %s", restore->choice.info.label,
		    rc == -EBADMSG  ? "it is damaged, or of another key"
		    : rc == -ENOKEY ? "it is encrypted, and SEBEZ_BACKUP_KEY is not set"
		                    : strerror(-rc));
	return rc;
}

/* Every file against the checksum that PostgreSQL wrote into the backup. */
static int verify(const struct restore *restore, const char *path, int cluster)
{
	char program[300] = "";
	const char *argv[] = {program, "--quiet", "/proc/self/fd/3", NULL};
	pid_t pid;
	int rc = embedded_pg_program(path, "pg_verifybackup", program, sizeof(program));

	if (rc == 0)
		rc = spawn_on(restore, program, argv, cluster, 0, &pid);
	if (rc == 0)
		rc = wait_for(pid);
	if (rc < 0 && rc != -EINTR)
		say("backup %s does not have the checksums it was made with; see "
		    "%s/log/restore.log",
		    restore->choice.info.label, restore->data_folder->data);
	return rc;
}

/* An empty file of the cluster that says something. */
static int sign(const struct restore *restore, int cluster, const char *name)
{
	int fd = openat(cluster, name, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	int rc = 0;

	if (fd < 0)
		return -errno;
	if (restore->data_folder->switches_user &&
	    fchown(fd, restore->data_folder->uid, restore->data_folder->gid) != 0)
		rc = -errno;
	close(fd);
	return rc;
}

/* The cluster is not where postgresql.conf's command expects it. */
static void set_command(const struct restore *restore, char get[COMMAND_MAX])
{
	char cluster[DATA_FOLDER_PATH_MAX], command[COMMAND_MAX - 32];

	data_folder_path(restore->data_folder, UNFINISHED, cluster, sizeof(cluster));
	backup_wal_command(restore->folder, cluster, false, command, sizeof(command));
	path_format(get, COMMAND_MAX, "restore_command=%s", command);
}

static int spawn_recovery(const struct restore *restore, int cluster, pid_t *ret)
{
	const struct backup_target *target = restore->target;
	time_t at = (time_t)(target->at_us / 1000000);
	char moment[96], timeline[48], day[32];
	static char get[COMMAND_MAX];
	const char *settings[EMBEDDED_PG_SETTINGS_MAX] = {"hot_standby=off"};
	int count = 1, rc = sign(restore, cluster, EMBEDDED_PG_RESTORED);
	struct tm utc;

	if (target->drill || !restore->folder->archives)
		settings[count++] = "archive_mode=off";
	if (rc == 0 && restore->folder->archives) {
		rc = sign(restore, cluster, "recovery.signal");
		settings[count++] = get;
		set_command(restore, get);
		settings[count++] = "recovery_target_action=promote";
		settings[count++] = timeline;
		/* Not PostgreSQL's "latest", which may be a branch of an earlier moment. */
		path_format(timeline, sizeof(timeline), "recovery_target_timeline=%u",
		            restore->choice.branch.timeline);
	}
	if (target->at_us != 0) {
		strftime(day, sizeof(day), "%Y-%m-%d %H:%M:%S", gmtime_r(&at, &utc));
		path_format(moment, sizeof(moment), "recovery_target_time=%s.%06d+00", day,
		            (int)(target->at_us % 1000000));
		settings[count++] = moment;
	}
	assert(count < EMBEDDED_PG_SETTINGS_MAX);
	return rc < 0 ? rc
	              : embedded_pg_spawn_in(restore->data_folder, restore->config, UNFINISHED,
	                                     settings, ret);
}

/* PostgreSQL writes its state into the file of its pid. A connection would be refused until then,
 * with two lines in the log each time. */
static bool is_ready(int cluster)
{
	char text[1024];

	backup_folder_read(cluster, "postmaster.pid", text, sizeof(text));
	return strstr(text, "\nready") != NULL;
}

static int wait_recovery(const struct restore *restore, int cluster, pid_t pid)
{
	int64_t next_ms = clock_monotonic_ms() + SAY_MS;

	while (!is_ready(cluster)) {
		if (!child_is_alive(pid)) {
			say("recovery failed; see %s/log/postgres.log. A moment after the end of "
			    "the archived log cannot be reached",
			    restore->data_folder->data);
			return -ENODATA;
		}
		if (services_stop_asked())
			return -EINTR;
		if (clock_monotonic_ms() >= next_ms) {
			say("PostgreSQL reads the archived log");
			next_ms += SAY_MS;
		}
		child_sleep_ms(POLL_MS);
	}
	return 0;
}

/* As services.c makes them; only this process may log in so. */
static int describe(const struct restore *restore, struct services *services)
{
	int rc = conninfo_add(services->admin, CONNINFO_MAX, "host", restore->data_folder->run);

	services->pg_embedded = true;
	if (rc == 0)
		rc = conninfo_add(services->admin, CONNINFO_MAX, "dbname", EMBEDDED_PG_DATABASE);
	return rc < 0 ? rc
	              : conninfo_add(services->admin, CONNINFO_MAX, "user", EMBEDDED_PG_SUPERUSER);
}

/* The secret may have been replaced after that moment: its rows are sealed with an earlier one. */
static int open_sealed(const struct restore *restore, PGconn *conn)
{
	char path[DATA_FOLDER_PATH_MAX];
	struct sealed sealed;
	struct secret secret;
	int rc;

	data_folder_path(restore->data_folder, "secret", path, sizeof(path));
	if (restore->config->secret[0] == '\0' && access(path, F_OK) != 0)
		return 0; /* the next start makes a new one, with which nothing is sealed */
	rc = secret_find(restore->config, restore->data_folder->data, &secret);
	if (rc == 0)
		rc = backup_secrets_open(conn, restore->folder, &secret, &sealed);
	explicit_bzero(&secret, sizeof(secret));
	if (rc == 0 && sealed.lost > 0 && !restore->target->drill)
		say("%" PRId64
		    " secrets of authenticator apps are sealed with a secret that is not "
		    "there: `sebez admin reset-factors --email E` lets one account in without",
		    sealed.lost);
	return rc;
}

static int recover(const struct restore *restore, int cluster)
{
	static struct services services;
	PGconn *conn = NULL;
	pid_t pid = 0;
	int rc;

	memset(&services, 0, sizeof(services));
	services_catch_signals();
	rc = describe(restore, &services);
	if (rc == 0)
		rc = data_folder_make_run(restore->data_folder);
	if (rc == 0)
		rc = spawn_recovery(restore, cluster, &pid);
	if (rc == 0)
		rc = wait_recovery(restore, cluster, pid);
	if (rc == 0)
		rc = admin_db_open(&services, false, &conn);
	if (rc == 0) {
		rc = backup_restored(conn, restore->target->at_us != 0);
		if (rc == 0)
			rc = open_sealed(restore, conn);
		PQfinish(conn);
	}
	if (pid > 0)
		embedded_pg_stop(pid);
	data_folder_remove_run(restore->data_folder);
	return rc;
}

int backup_restored(PGconn *conn, bool ends_sessions)
{
	/* The roles' passwords are those of the secret at the time of the backup: the next start
	 * sets them. */
	int rc = admin_db_run(conn, "begin; set local role sebez_owner; "
	                            "update feed_epoch set epoch = epoch + 1");

	if (rc == 0 && ends_sessions)
		rc = admin_db_run(conn, "update session set ended_at = now() "
		                        "where ended_at is null and expires_at > now()");
	return rc < 0 ? rc : admin_db_run(conn, "commit");
}

static int restore_secret(const struct restore *restore)
{
	char path[DATA_FOLDER_PATH_MAX];
	int out, rc;

	data_folder_path(restore->data_folder, "secret", path, sizeof(path));
	if (restore->config->secret[0] != '\0' || access(path, F_OK) == 0)
		return 0;
	rc = backup_file_exists(restore->folder->fd, "secret");
	if (rc < 0)
		return rc;
	if (rc == 0) {
		say("the backup has no secret: set SEBEZ_SECRET to that of the shop, or a new one "
		    "is "
		    "made, with which everybody signs in again");
		return 0;
	}
	out = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (out < 0)
		return -errno;
	rc = backup_file_get(restore->folder->fd, "secret", &restore->folder->key, out);
	if (close(out) != 0 && rc == 0)
		rc = -errno;
	if (rc < 0)
		unlink(path);
	return rc;
}

static int restore_cluster(struct restore *restore)
{
	char path[DATA_FOLDER_PATH_MAX], final[DATA_FOLDER_PATH_MAX];
	const char *clean[] = {"rm", "-rf", path, NULL};
	struct child_spec rm = {.program = "/bin/rm", .argv = clean, .output_fd = -1};
	int cluster, rc;

	data_folder_path(restore->data_folder, UNFINISHED, path, sizeof(path));
	data_folder_path(restore->data_folder, "postgres", final, sizeof(final));
	rc = child_run(&rm) == 0 ? data_folder_make_folder(restore->data_folder, path) : -EIO;
	cluster = rc < 0 ? rc : open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (cluster < 0)
		return rc < 0 ? rc : -errno;
	if (restore->folder->rest) {
		rc = backup_rest_unpack(restore->folder, restore->data_folder,
		                        restore->choice.info.label, path);
	} else {
		rc = unpack(restore, cluster);
		if (rc == 0)
			rc = verify(restore, path, cluster);
	}
	if (rc == 0)
		rc = recover(restore, cluster);
	close(cluster);
	/* Only now is it one that a server would start. */
	if (rc == 0 && rename(path, final) != 0)
		rc = -errno;
	return rc;
}

int backup_restore(const struct config *config, const struct data_folder *data_folder,
                   struct backup_folder *folder, const struct backup_target *target,
                   struct backup_info *ret)
{
	static struct restore restore;
	unsigned said = say_count();
	int64_t objects = 0;
	int rc;

	restore = (struct restore){.config = config,
	                           .data_folder = data_folder,
	                           .folder = folder,
	                           .target = target,
	                           .lock_fd = -1};
	rc = take_lock(&restore);

	if (rc == 0)
		rc = backup_choose(folder, data_folder, target, &restore.choice);
	if (rc == 0)
		rc = restore_secret(&restore);
	/* Objects first: rows that a server sees have theirs. */
	if (rc == 0 && !target->drill)
		rc = backup_objects_restore(folder, data_folder, &objects);
	if (rc == 0)
		rc = restore_cluster(&restore);
	if (restore.lock_fd >= 0)
		close(restore.lock_fd);
	if (rc < 0 && say_count() == said)
		say("nothing was restored: %s", strerror(-rc));
	*ret = restore.choice.info;
	return rc;
}
