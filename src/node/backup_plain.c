#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <libpq-fe.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "node/admin_db.h"
#include "node/backup.h"
#include "node/backup_log.h"
#include "node/backup_rest.h"
#include "node/backup_secrets.h"
#include "node/backup_wal.h"
#include "node/child.h"
#include "node/embedded_pg.h"
#include "node/say.h"

/* Their rows are never deleted, so a restored database has as many at least. */
static const char *const COUNTED[] = {"account",    "vendor",        "product",
                                      "shop_order", "sub_order",     "order_line",
                                      "journal",    "journal_entry", "audit_log"};

/* A folder that takes a segment of 16 MB in ten minutes keeps up with no shop. */
enum { ARCHIVE_MS = 10 * 60 * 1000, POLL_MS = 100 };

enum { COUNTED_COUNT = sizeof(COUNTED) / sizeof(COUNTED[0]) };
_Static_assert((int)COUNTED_COUNT <= (int)BACKUP_COUNTS_MAX, "an info has room for them");

static int64_t now_s(void)
{
	return (int64_t)time(NULL);
}

static int ask_text(PGconn *conn, const char *query, char *ret, size_t size)
{
	PGresult *result;
	int rc = admin_db_ask(conn, query, &result);

	if (rc < 0)
		return rc;
	assert(PQntuples(result) == 1 && strlen(PQgetvalue(result, 0, 0)) < size);
	path_format(ret, size, "%s", PQgetvalue(result, 0, 0));
	PQclear(result);
	return 0;
}

/* The folder has backups of one cluster only: those of two would expire each other's log. */
static int check_system(PGconn *conn, const struct backup_folder *folder, struct backup_info *info)
{
	char known[24];
	int rc = ask_text(conn, "select system_identifier from pg_control_system()", info->system,
	                  sizeof(info->system));

	if (rc < 0)
		return rc;
	backup_folder_read(folder->fd, "system", known, sizeof(known));
	if (known[0] == '\0')
		return backup_folder_write(folder->fd, "system", info->system);
	if (strcmp(known, info->system) == 0)
		return 0;
	say("%s has backups of another database: use an empty folder", folder->path);
	return -EEXIST;
}

static int begin(PGconn *conn, const struct backup_folder *folder, struct backup_info *info)
{
	char query[128], rows[24];
	int rc = check_system(conn, folder, info);

	if (rc == 0)
		rc = ask_text(conn, "select pg_walfile_name(pg_current_wal_lsn())", info->wal_first,
		              sizeof(info->wal_first));
	/* It keeps the log of the backup until this connection ends. */
	if (rc == 0)
		rc = admin_db_run(conn, "select pg_create_physical_replication_slot("
		                        "'sebez_backup_' || pg_backend_pid(), true, true)");
	for (int i = 0; rc == 0 && i < COUNTED_COUNT; i++) {
		path_format(query, sizeof(query), "select count(*) from %s", COUNTED[i]);
		rc = ask_text(conn, query, rows, sizeof(rows));
		path_format(info->counts[i].table, sizeof(info->counts[i].table), "%s", COUNTED[i]);
		info->counts[i].rows = strtoll(rows, NULL, 10);
		info->count_count = i + 1;
	}
	/* A segment's name begins with it. */
	return rc < 0 || sscanf(info->wal_first, "%8X", &info->timeline) == 1 ? rc : -EBADMSG;
}

/* pg_basebackup writes the cluster to a pipe, with the log that makes it whole. */
static int spawn_dump(const struct services *services, int out, pid_t *ret)
{
	char program[300], cluster[DATA_FOLDER_PATH_MAX];
	const char *argv[] = {program,
	                      "--dbname",
	                      services->admin,
	                      "--pgdata=-",
	                      "--format=tar",
	                      "--wal-method=fetch",
	                      "--no-password",
	                      "--no-sync",
	                      "--checkpoint=fast",
	                      "--label=sebez",
	                      "--manifest-checksums=SHA256",
	                      NULL};
	const char *envp[] = {"PATH=/usr/bin:/bin", "LC_ALL=C.UTF-8", "TZ=UTC", NULL};
	struct child_spec spec = {.program = program,
	                          .argv = argv,
	                          .envp = envp,
	                          .output_fd = out,
	                          .keeps_error = true,
	                          .death_signal = SIGTERM};
	int rc;

	data_folder_path(&services->data_folder, "postgres", cluster, sizeof(cluster));
	rc = embedded_pg_program(cluster, "pg_basebackup", program, sizeof(program));
	return rc < 0 ? rc : child_spawn(&spec, ret);
}

static int dump(const struct services *services, const struct backup_folder *folder, int dir,
                int64_t *ret_bytes)
{
	int pipes[2], status = 0;
	pid_t pid = 0;
	int rc = pipe2(pipes, O_CLOEXEC) != 0 ? -errno : 0;

	if (rc < 0)
		return rc;
	rc = spawn_dump(services, pipes[1], &pid);
	close(pipes[1]);
	if (rc == 0)
		rc = backup_file_put(dir, "base.tar", pipes[0], &folder->key, BACKUP_LEVEL_FAST,
		                     ret_bytes);
	close(pipes[0]); /* after a failure it ends of that */
	while (pid > 0 && waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	if (rc == 0 && status != 0) {
		say("pg_basebackup failed");
		rc = -EIO;
	}
	return rc;
}

/* What commands that were killed have left. */
static void remove_unfinished(const struct backup_folder *folder)
{
	int fd = openat(folder->base_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;

	assert(folder->lock_fd >= 0);
	while (dir != NULL && (entry = readdir(dir)) != NULL)
		if (entry->d_name[0] == '.' && strstr(entry->d_name, ".new") != NULL)
			backup_folder_remove(folder->base_fd, entry->d_name);
	if (dir != NULL)
		closedir(dir);
}

/* Whether PostgreSQL has archived up to there and yet not into this folder. */
static bool goes_elsewhere(PGconn *conn, const char *last)
{
	char archived[BACKUP_NAME_MAX];

	return ask_text(conn,
	                "select case current_setting('archive_mode') when 'off' then 'off' "
	                "else coalesce(substring(last_archived_wal from '^[0-9A-F]{24}$'), '') end "
	                "from pg_stat_archiver",
	                archived, sizeof(archived)) == 0 &&
	       (strcmp(archived, "off") == 0 || strcmp(archived, last) >= 0);
}

/* The log that a restore needs at least is in the folder, or it is no backup. */
static int wait_for_log(PGconn *conn, const struct backup_folder *folder,
                        const struct backup_info *info)
{
	int64_t until_ms = clock_monotonic_ms() + ARCHIVE_MS;
	char next[WAL_NAME + 1];
	bool elsewhere = false;
	int rc = 0;

	path_format(next, sizeof(next), "%s", info->wal_first);
	while (strcmp(next, info->wal_last) <= 0) {
		rc = backup_file_exists(folder->wal_fd, next);
		if (rc < 0)
			break;
		if (rc > 0) {
			backup_log_next(next, next);
			until_ms = clock_monotonic_ms() + ARCHIVE_MS;
			continue;
		}
		if (services_stop_asked())
			return -EINTR;
		if (elsewhere || clock_monotonic_ms() > until_ms) {
			say("%s of the log is not in %s/wal: %s", next, folder->path,
			    elsewhere ? "the log goes elsewhere; start the server anew with this "
			                "SEBEZ_BACKUP_FOLDER"
			              : "PostgreSQL cannot archive it; see log/postgres.log");
			return -ENODATA;
		}
		elsewhere = goes_elsewhere(conn, info->wal_last); /* and look once more */
		if (!elsewhere)
			child_sleep_ms(POLL_MS);
	}
	return rc < 0 ? rc : 0;
}

/* Ends the segment, so that it is archived now. What begins a segment is not yet in it. */
static int end_log(PGconn *conn, const struct backup_folder *folder, struct backup_info *info)
{
	bool archives = folder->archives && !folder->rest; /* pgBackRest waits by itself */
	char stop[24];
	int rc = ask_text(conn, "select pg_current_wal_insert_lsn() - '0/0'::pg_lsn", stop,
	                  sizeof(stop));

	info->stop = rc < 0 ? 0 : strtoull(stop, NULL, 10);
	if (rc == 0)
		rc = ask_text(conn,
		              archives ? "select pg_walfile_name(pg_switch_wal() - 1)"
		                       : "select pg_walfile_name(pg_current_wal_lsn())",
		              info->wal_last, sizeof(info->wal_last));

	return rc == 0 && archives ? wait_for_log(conn, folder, info) : rc;
}

static int write_backup(const struct config *config, const struct services *services,
                        const struct backup_folder *folder, PGconn *conn, int dir,
                        struct backup_info *info)
{
	int rc = begin(conn, folder, info);

	if (rc == 0)
		rc = folder->rest ? backup_rest_dump(config, services, folder, conn, info)
		                  : dump(services, folder, dir, &info->bytes);
	if (rc == 0)
		rc = end_log(conn, folder, info);
	if (rc == 0 && config->media_store == MEDIA_STORE_FOLDER)
		rc = backup_objects_copy(folder, &services->data_folder, config->backup_days,
		                         &info->objects);
	if (rc == 0)
		rc = backup_secrets_keep(config, &services->data_folder, folder);
	info->ended_s = now_s();
	return rc < 0 ? rc : backup_info_write(dir, info);
}

static int make_dir(const struct backup_folder *folder, const char *name)
{
	int fd;

	if (mkdirat(folder->base_fd, name, 0700) != 0)
		return -errno;
	fd = openat(folder->base_fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

/* A backup is named after the second in which it begins, so another one waits for the next. */
static void name_backup(const struct backup_folder *folder, struct backup_info *info)
{
	static const struct timespec TENTH = {.tv_nsec = 100 * 1000 * 1000};
	struct tm utc;

	for (;;) {
		time_t at = (time_t)(info->began_s = now_s());

		strftime(info->label, sizeof(info->label), "%Y%m%d-%H%M%SF", gmtime_r(&at, &utc));
		if (faccessat(folder->base_fd, info->label, F_OK, 0) != 0)
			return;
		(void)nanosleep(&TENTH, NULL);
	}
}

int backup_plain_make(const struct config *config, const struct services *services,
                      struct backup_folder *folder, struct backup_info *ret)
{
	struct backup_info info = {0};
	char unfinished[BACKUP_LABEL_MAX + 8];
	PGconn *conn;
	int dir, rc = admin_db_open(services, false, &conn);

	if (rc < 0)
		return rc;
	remove_unfinished(folder);
	name_backup(folder, &info);
	path_format(unfinished, sizeof(unfinished), ".%s.new", info.label);
	dir = make_dir(folder, unfinished);
	rc = dir < 0 ? dir : write_backup(config, services, folder, conn, dir, &info);
	PQfinish(conn);
	if (dir >= 0)
		close(dir);
	if (rc == 0 && renameat(folder->base_fd, unfinished, folder->base_fd, info.label) != 0)
		rc = -errno;
	if (rc == 0 && fsync(folder->base_fd) != 0)
		rc = -errno;
	if (rc < 0) {
		backup_folder_remove(folder->base_fd, unfinished);
		say("no backup was made in %s: %s", folder->path, strerror(-rc));
		return rc;
	}
	*ret = info;
	return folder->rest ? 0
	                    : backup_plain_expire(folder, &services->data_folder, info.timeline,
	                                          config->backup_days);
}

static int read_branch(const struct backup_folder *folder, const struct data_folder *data_folder,
                       unsigned timeline, struct backup_branch *ret)
{
	static struct backup_log log;
	int rc = 0;

	log = (struct backup_log){0};
	if (folder->archives)
		rc = backup_log_read(folder, data_folder, &log);
	if (rc == 0)
		rc = backup_branch_read(folder, data_folder, &log, timeline, ret);
	backup_log_free(&log);
	return rc;
}

int backup_plain_expire(const struct backup_folder *folder, const struct data_folder *data_folder,
                        unsigned timeline, int64_t days)
{
	int64_t since_s = now_s() - days * 86400;
	static struct backup_branch branch;
	struct backup_info *list = NULL;
	size_t count = 0, kept = 0, first;
	int rc = read_branch(folder, data_folder, timeline, &branch);

	if (rc == 0)
		rc = backup_folder_list(folder, &list, &count);
	if (rc < 0)
		return rc;
	/* The newest that had ended then is what its moment is restored from; one of a branch that
	 * was left is not. */
	for (size_t i = 1; i < count; i++)
		if (list[i].ended_s <= since_s && backup_branch_has(&branch, &list[i]))
			kept = i;
	for (size_t i = 0; rc == 0 && i < kept; i++)
		rc = backup_folder_remove(folder->base_fd, list[i].label);
	/* After a restore to the past a newer backup begins at an earlier position of the log. */
	first = kept;
	for (size_t i = kept; i < count; i++)
		if (strcmp(list[i].wal_first + WAL_TIMELINE, list[first].wal_first + WAL_TIMELINE) <
		    0)
			first = i;
	if (rc == 0 && count > 0)
		backup_wal_expire(folder, list[first].wal_first);
	free(list);
	if (rc < 0)
		say("an old backup in %s cannot be deleted: %s", folder->path, strerror(-rc));
	return rc;
}
