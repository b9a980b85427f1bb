#include "node/embedded_pg.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <uv.h>

#include "node/backup_wal.h"
#include "node/say.h"
#include "store/pg.h"

enum { STOP_MS = 20000, CONNECTIONS_MIN = 200, ROLES = 6 /* of api and jobs processes */ };

/* The rest of the memory is left to the page cache, and to the machine's other programs. */
enum { SHARED_BUFFERS_MIN_MB = 128, SHARED_BUFFERS_MAX_MB = 1024 };

_Static_assert(ROLES + 1 == (int)PG_ROLE_COUNT,
               "each role has connections; media processes have one");

static const char SETTINGS[] =
    "# Written by sebez at each start. Your own settings go to postgresql.user.conf beside it.\n"
    "listen_addresses = ''\n"
    "unix_socket_permissions = 0700\n"
    "synchronous_commit = on\n"
    "wal_level = replica\n"
    "track_io_timing = off\n"
    /* docs/OPERATIONS.md, "PostgreSQL's settings", has the reasons of these. */
    "wal_compression = lz4\n"
    "max_wal_size = 4GB\n"
    "checkpoint_timeout = 15min\n"
    "random_page_cost = 1.1\n"
    "jit = off\n"
    "default_toast_compression = lz4\n"
    "autovacuum_vacuum_cost_limit = 2000\n"
    "autovacuum_analyze_scale_factor = 0.02\n"
    "password_encryption = scram-sha-256\n"
    "log_min_messages = warning\n"
    "log_checkpoints = off\n"
    "log_line_prefix = '%m [%p] %u '\n"
    "timezone = 'UTC'\n"
    "lc_messages = 'C'\n";

/* Finds the folder with the programs of the newest installed version. */
static int find_programs(char *ret, size_t size)
{
	const char *best = NULL;
	long best_version = 0;
	glob_t found;

	if (glob("/usr/lib/postgresql/*/bin/postgres", 0, NULL, &found) == 0) {
		for (size_t i = 0; i < found.gl_pathc; i++) {
			long version =
			    strtol(found.gl_pathv[i] + strlen("/usr/lib/postgresql/"), NULL, 10);

			if (version > best_version) {
				best_version = version;
				best = found.gl_pathv[i];
			}
		}
		if (best != NULL)
			path_format(ret, size, "%.*s", (int)(strrchr(best, '/') - best), best);
		globfree(&found);
	}
	return best_version > 0 ? 0 : -ENOENT;
}

/*
 * The name under which the children can access a folder. A folder that their user cannot reach by
 * its path is passed as a descriptor, which needs no permission on the parent folders.
 */
static int name_folder(const struct data_folder *data_folder, const char *path,
                       struct child_spec *spec, char *ret, size_t size)
{
	int fd;

	assert(spec->fd_count == 0);
	if (data_folder->reachable) {
		path_format(ret, size, "%s", path);
		return 0;
	}
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	spec->fds[0] = fd;
	spec->fd_count = 1;
	path_format(ret, size, "/proc/self/fd/%d", CHILD_FIRST_FD);
	return 0;
}

static void close_folder(const struct child_spec *spec)
{
	if (spec->fd_count > 0)
		close(spec->fds[0]);
}

static int init_cluster(const struct data_folder *data_folder, const char *programs,
                        const char *path)
{
	char program[300] = "", fresh[DATA_FOLDER_PATH_MAX + 8], name[DATA_FOLDER_PATH_MAX + 8];
	const char *argv[] = {program,
	                      "-D",
	                      name,
	                      "-U",
	                      EMBEDDED_PG_SUPERUSER,
	                      "--auth-local=peer",
	                      "--auth-host=scram-sha-256",
	                      "-E",
	                      "UTF8",
	                      "--locale=C.UTF-8",
	                      "--data-checksums",
	                      "--no-instructions",
	                      NULL};
	const char *envp[] = {"PATH=/usr/bin:/bin", "LC_ALL=C.UTF-8", "TZ=UTC", NULL};
	const char *clean[] = {"rm", "-rf", fresh, NULL};
	struct child_spec spec = data_folder_child(data_folder, program, argv);
	struct child_spec rm = {.program = "/bin/rm", .argv = clean, .output_fd = -1};
	int rc;

	/* Create under a temporary name and rename when complete, so that an interrupted start
	 * leaves no partial cluster. */
	path_format(program, sizeof(program), "%s/initdb", programs);
	path_format(fresh, sizeof(fresh), "%s.new", path);
	rc = child_run(&rm);
	if (rc == 0)
		rc = data_folder_make_folder(data_folder, fresh);
	if (rc == 0)
		rc = name_folder(data_folder, fresh, &spec, name, sizeof(name));
	if (rc != 0)
		return rc > 0 ? -EIO : rc;
	spec.envp = envp;
	spec.death_signal = SIGTERM;
	spec.output_fd = data_folder_open_log(data_folder, "postgres");
	rc = child_run(&spec);
	close(spec.output_fd);
	close_folder(&spec);
	if (rc != 0) {
		say("initdb failed; see %s/log/postgres.log", data_folder->data);
		return rc > 0 ? -EIO : rc;
	}
	return rename(fresh, path) != 0 ? -errno : 0;
}

/* Replaces a file of the cluster. The folder belongs to an unprivileged user and this process may
 * be root, so symbolic links under these names are not followed. */
static int write_file(const struct data_folder *data_folder, int folder, const char *name,
                      const char *text)
{
	size_t length = strlen(text);
	int rc = 0;
	int fd;

	unlinkat(folder, "sebez.tmp", 0);
	fd =
	    openat(folder, "sebez.tmp", O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	if (write(fd, text, length) != (ssize_t)length)
		rc = -EIO;
	if (rc == 0 && data_folder->switches_user &&
	    fchown(fd, data_folder->uid, data_folder->gid) != 0)
		rc = -errno;
	close(fd);
	if (rc == 0 && renameat(folder, "sebez.tmp", folder, name) != 0)
		rc = -errno;
	return rc;
}

/* Of this machine, or of this container. */
static long long memory_mb(void)
{
	uint64_t total = uv_get_total_memory(), allowed = uv_get_constrained_memory();

	if (allowed > 0 && allowed < total)
		total = allowed;
	return (long long)(total >> 20);
}

static long long shared_buffers_mb(void)
{
	long long share = memory_mb() / 8;

	if (share < SHARED_BUFFERS_MIN_MB)
		return SHARED_BUFFERS_MIN_MB;
	return share < SHARED_BUFFERS_MAX_MB ? share : SHARED_BUFFERS_MAX_MB;
}

/* While a setting names a folder for backups. A segment that nobody fills is archived after a
 * minute, so that is what a lost machine costs. When the folder is away, the shop is served all the
 * same: then PostgreSQL keeps its log until a start with the folder. */
static void archive(const struct data_folder *data_folder, const struct config *config, int folder,
                    char *ret, size_t size)
{
	char command[BACKUP_COMMAND_MAX], cluster[DATA_FOLDER_PATH_MAX];

	ret[0] = '\0';
	if (config->backup_folder[0] == '\0')
		return;
	/* PostgreSQL notes what waits, and archives it once there is a command. */
	if (faccessat(folder, EMBEDDED_PG_RESTORED, F_OK, AT_SYMLINK_NOFOLLOW) == 0) {
		path_format(ret, size, "archive_mode = on\narchive_command = ''\n");
		return;
	}
	data_folder_path(data_folder, "postgres", cluster, sizeof(cluster));
	if (backup_wal_archive_command(config, data_folder, cluster, command, sizeof(command)) < 0)
		path_format(command, sizeof(command), "false");
	path_format(ret, size, "archive_mode = on\narchive_timeout = 60\narchive_command = '%s'\n",
	            command);
}

static int write_settings(const struct data_folder *data_folder, const struct config *config,
                          int folder)
{
	const struct passwd *self = getpwuid(geteuid());
	/* A reload runs old and new processes at the same time; leased connections are rarely all
	 * open. */
	int64_t wanted = 20 + ((config->processes + 2) * ROLES + config->media_processes) *
	                          (config->db_connections + config->db_leased);
	static char text[6144], archiving[3072];
	int rc;

	_Static_assert(sizeof(SETTINGS) + sizeof(archiving) + DATA_FOLDER_RUN_MAX + 256 <
	                   sizeof(text),
	               "the settings fit");
	archive(data_folder, config, folder, archiving, sizeof(archiving));
	assert(data_folder->run[0] == '/');
	path_format(text, sizeof(text),
	            "%s%sshared_buffers = %lldMB\neffective_cache_size = %lldMB\n"
	            "max_connections = %lld\nunix_socket_directories = '%s'\n"
	            "include_if_exists 'postgresql.user.conf'\n",
	            SETTINGS, archiving, shared_buffers_mb(), memory_mb() / 2,
	            (long long)(wanted > CONNECTIONS_MIN ? wanted : CONNECTIONS_MIN),
	            data_folder->run);
	rc = write_file(data_folder, folder, "postgresql.conf", text);
	if (rc == 0)
		rc = write_file(data_folder, folder, "pg_hba.conf",
		                "# Written by sebez at each start.\n"
		                "local all,replication " EMBEDDED_PG_SUPERUSER " peer map=sebez\n"
		                "local all all scram-sha-256\n");
	/* Only the user who started the server may log in as superuser, not the user of the api
	 * processes. */
	path_format(text, sizeof(text), "# Written by sebez at each start.\nsebez %s %s\n",
	            self != NULL ? self->pw_name : "root", EMBEDDED_PG_SUPERUSER);
	if (rc == 0)
		rc = write_file(data_folder, folder, "pg_ident.conf", text);
	return rc;
}

/* The pid of a running postmaster of this cluster, or 0. The pid in the file counts only if that
 * process has this folder as its working directory. */
static pid_t find_running(int folder)
{
	struct stat ours, theirs;
	char text[64] = "";
	char path[64];
	int fd = openat(folder, "postmaster.pid", O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	ssize_t count;
	long pid;

	if (fd < 0)
		return 0;
	count = read(fd, text, sizeof(text) - 1);
	close(fd);
	pid = count > 0 ? strtol(text, NULL, 10) : 0;
	if (pid <= 1)
		return 0;
	path_format(path, sizeof(path), "/proc/%ld/cwd", pid);
	if (fstat(folder, &ours) != 0 || stat(path, &theirs) != 0)
		return 0;
	return ours.st_ino == theirs.st_ino && ours.st_dev == theirs.st_dev ? (pid_t)pid : 0;
}

int embedded_pg_adopt(const struct data_folder *data_folder)
{
	char path[DATA_FOLDER_PATH_MAX];

	data_folder_path(data_folder, "postgres/" EMBEDDED_PG_RESTORED, path, sizeof(path));
	if (unlink(path) == 0 || errno == ENOENT)
		return 0;
	say("cannot remove %s: %s", path, strerror(errno));
	return -errno;
}

int embedded_pg_prepare(const struct data_folder *data_folder, const struct config *config)
{
	char programs[256], path[DATA_FOLDER_PATH_MAX], version[DATA_FOLDER_PATH_MAX + 16];
	pid_t running;
	int folder;
	int rc = find_programs(programs, sizeof(programs));

	if (rc < 0) {
		say("PostgreSQL not found under /usr/lib/postgresql: run `make deps`, or set "
		    "DATABASE_URL");
		return rc;
	}
	data_folder_path(data_folder, "postgres", path, sizeof(path));
	path_format(version, sizeof(version), "%s/PG_VERSION", path);
	if (access(version, F_OK) != 0) {
		rc = init_cluster(data_folder, programs, path);
		if (rc < 0)
			return rc;
	}
	folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (folder < 0)
		return -errno;
	running = find_running(folder);
	if (running > 0) {
		say("stopping PostgreSQL %d, left over from an earlier start", (int)running);
		embedded_pg_stop(running);
	}
	rc = write_settings(data_folder, config, folder);
	if (rc < 0)
		say("cannot write the settings of PostgreSQL in %s: %s", path, strerror(-rc));
	close(folder);
	return rc;
}

int embedded_pg_program(const char *cluster, const char *program, char *ret, size_t size)
{
	char name[DATA_FOLDER_PATH_MAX + 16];
	char version[16] = "";
	FILE *file;

	path_format(name, sizeof(name), "%s/PG_VERSION", cluster);
	file = fopen(name, "re");
	if (file == NULL)
		return -errno;
	if (fgets(version, sizeof(version), file) == NULL)
		version[0] = '\0';
	fclose(file);
	version[strcspn(version, "\n")] = '\0';
	path_format(ret, size, "/usr/lib/postgresql/%s/bin/%s", version, program);
	if (access(ret, X_OK) == 0)
		return 0;
	say("the data folder requires PostgreSQL %s, of which %s is not installed", version,
	    program);
	return -ENOENT;
}

/* The folder for backups may be away, which does not keep the shop from serving: then PostgreSQL
 * keeps its log until it is there again at a later start. */
static bool lend(const struct data_folder *data_folder, const struct config *config,
                 struct child_spec *spec, struct backup_loan *ret)
{
	return config->backup_folder[0] != '\0' &&
	       backup_wal_lend(config, data_folder, spec, ret) == 0;
}

static int spawn(const struct data_folder *data_folder, const struct config *config,
                 const char *path, const char *const *settings, pid_t *ret)
{
	char program[300] = "", name[DATA_FOLDER_PATH_MAX + 8];
	const char *argv[4 + 2 * EMBEDDED_PG_SETTINGS_MAX] = {program, "-D", name};
	const char *envp[7] = {"PATH=/usr/bin:/bin", "LC_ALL=C.UTF-8", "TZ=UTC"};
	struct child_spec spec = data_folder_child(data_folder, program, argv);
	struct backup_loan loan = {.program_fd = -1, .wal_fd = -1};
	int rc = embedded_pg_program(path, "postgres", program, sizeof(program));

	for (int i = 0; settings != NULL && settings[i] != NULL; i++) {
		assert(i < EMBEDDED_PG_SETTINGS_MAX);
		argv[3 + 2 * i] = "-c";
		argv[4 + 2 * i] = settings[i];
	}
	if (rc == 0)
		rc = name_folder(data_folder, path, &spec, name, sizeof(name));
	if (rc < 0)
		return rc;
	if (lend(data_folder, config, &spec, &loan)) {
		envp[3] = loan.program;
		envp[4] = loan.wal;
		envp[5] = loan.key[0] != '\0' ? loan.key : NULL;
	}
	spec.envp = envp;
	spec.death_signal = SIGINT;
	spec.output_fd = data_folder_open_log(data_folder, "postgres");
	rc = child_spawn(&spec, ret);
	close(spec.output_fd);
	backup_wal_lent(&loan);
	/* The first descriptor is the folder, unless its path will do. */
	if (!data_folder->reachable)
		close_folder(&spec);
	return rc;
}

int embedded_pg_spawn(const struct data_folder *data_folder, const struct config *config,
                      pid_t *ret)
{
	char path[DATA_FOLDER_PATH_MAX];

	data_folder_path(data_folder, "postgres", path, sizeof(path));
	return spawn(data_folder, config, path, NULL, ret);
}

int embedded_pg_spawn_in(const struct data_folder *data_folder, const struct config *config,
                         const char *name, const char *const *settings, pid_t *ret)
{
	char path[DATA_FOLDER_PATH_MAX];
	int folder, rc;

	data_folder_path(data_folder, name, path, sizeof(path));
	folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (folder < 0)
		return -errno;
	rc = write_settings(data_folder, config, folder);
	close(folder);
	return rc < 0 ? rc : spawn(data_folder, config, path, settings, ret);
}

void embedded_pg_stop(pid_t pid)
{
	/* SIGINT is PostgreSQL's fast shutdown: sessions are disconnected, a checkpoint is
	 * written. */
	assert(pid > 1);
	child_stop(pid, SIGINT, STOP_MS);
}
