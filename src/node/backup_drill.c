#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <ftw.h>
#include <inttypes.h>
#include <jansson.h>
#include <libpq-fe.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

#include "node/admin_db.h"
#include "node/backup.h"
#include "node/backup_secrets.h"
#include "node/child.h"
#include "node/embedded_pg.h"
#include "node/role_passwords.h"
#include "node/say.h"
#include "node/token_keys.h"

#define SCRATCH "drill" /* below the data folder */

/* What stays free beside a restored database, for the log of the live one meanwhile. */
#define MARGIN_BYTES (INT64_C(256) << 20)

enum { OPEN_FOLDERS = 16 };

struct drill {
	const struct config *config; /* of the shop */
	struct config scratch;       /* a data folder of its own, services of its own */
	char data[DATA_FOLDER_PATH_MAX];
	char secret[sizeof("SEBEZ_SECRET=") + SECRET_TEXT_LENGTH];
	struct secret previous; /* of a folder that has no secrets */
	bool has_previous;
	struct services services;
	struct backup_folder *folder;
	struct backup_info info;
	json_t *checks, *tables; /* of the report */
	bool good;
};

static void note(struct drill *drill, const char *check, const char *outcome, bool good)
{
	json_object_set_new(drill->checks, check, json_string(outcome));
	drill->good = drill->good && good;
	printf("%-12s %s\n", check, outcome);
}

/* Programs see nothing of the shop but its secret: no store, no mail server, no folder for backups.
 */
static int run(const struct drill *drill, const char *program, const char *const *argv)
{
	char data[sizeof("SEBEZ_DATA=") + DATA_FOLDER_PATH_MAX];
	char user[128];
	const char *envp[] = {
	    "PATH=/usr/bin:/bin", "LC_ALL=C.UTF-8", "TZ=UTC", data, drill->secret, user, NULL};
	struct child_spec spec = {
	    .program = program, .argv = argv, .envp = envp, .death_signal = SIGTERM};
	int rc;

	path_format(data, sizeof(data), "SEBEZ_DATA=%s", drill->data);
	path_format(user, sizeof(user), "SEBEZ_RUN_AS=%s", drill->config->run_as);
	spec.output_fd = data_folder_open_log(&drill->services.data_folder, "checks");
	rc = child_run_until(&spec, services_stop_asked);
	close(spec.output_fd);
	return rc;
}

static void check_pages(struct drill *drill)
{
	char program[300] = "", cluster[DATA_FOLDER_PATH_MAX];
	const char *argv[] = {program,
	                      "--host",
	                      drill->services.data_folder.run,
	                      "--username",
	                      EMBEDDED_PG_SUPERUSER,
	                      "--database",
	                      EMBEDDED_PG_DATABASE,
	                      "--install-missing",
	                      "--heapallindexed",
	                      NULL};
	int rc;

	data_folder_path(&drill->services.data_folder, "postgres", cluster, sizeof(cluster));
	if (embedded_pg_program(cluster, "pg_amcheck", program, sizeof(program)) < 0) {
		note(drill, "pages", "pg_amcheck is not installed", true);
		return;
	}
	rc = run(drill, program, argv);
	note(drill, "pages", rc == 0 ? "good" : "pg_amcheck found damage", rc == 0);
}

static void check_rows(struct drill *drill)
{
	const char *argv[] = {"sebez", "check", "--data", NULL};
	char program[1024] = "";
	int rc = -errno;

	if (readlink("/proc/self/exe", program, sizeof(program) - 1) > 0)
		rc = run(drill, program, argv);
	note(drill, "rows", rc == 0 ? "good" : "sebez check --data found what is wrong", rc == 0);
}

/* Tables of which no row is deleted have all that there were when the backup began. */
static void check_counts(struct drill *drill, PGconn *conn)
{
	bool good = true;

	for (int i = 0; i < drill->info.count_count; i++) {
		int64_t then = drill->info.counts[i].rows, now = -1;
		char query[96];
		PGresult *result;

		path_format(query, sizeof(query), "select count(*) from %s",
		            drill->info.counts[i].table);
		if (admin_db_ask(conn, query, &result) == 0) {
			now = strtoll(PQgetvalue(result, 0, 0), NULL, 10);
			PQclear(result);
		}
		json_object_set_new(drill->tables, drill->info.counts[i].table,
		                    json_pack("{s:I, s:I}", "backup", (json_int_t)then, "restored",
		                              (json_int_t)now));
		good = good && now >= then;
	}
	note(drill, "counts", good ? "good" : "rows are missing", good);
}

/* The restore has sealed all with the secret that `rows` logs in with: what is left is lost. */
static void check_sealed(struct drill *drill, PGconn *conn)
{
	struct sealed sealed = {0};
	struct secret secret;
	bool good = secret_parse(drill->scratch.secret, &secret);
	char text[64];

	assert(good);
	token_keys_load(&secret, drill->has_previous ? &drill->previous : NULL);
	good = sealed_go_through(conn, false, &sealed) == 0 && sealed.lost == 0;
	path_format(text, sizeof(text), "%" PRId64 ", of them %" PRId64 " cannot be opened",
	            sealed.all, sealed.lost);
	note(drill, "sealed", text, good);
	if (role_passwords_set(conn, &secret) < 0) /* they may be of the one before */
		note(drill, "roles", "their passwords cannot be set", false);
	explicit_bzero(&secret, sizeof(secret));
}

static void check_all(struct drill *drill)
{
	PGconn *conn;

	if (services_open(&drill->scratch, SERVICES_TOOL, &drill->services) < 0) {
		note(drill, "start", "PostgreSQL does not start with it", false);
		return;
	}
	if (admin_db_open(&drill->services, false, &conn) == 0) {
		check_counts(drill, conn);
		check_sealed(drill, conn);
		PQfinish(conn);
	} else {
		note(drill, "counts", "no connection", false);
	}
	if (!services_stop_asked())
		check_pages(drill);
	if (!services_stop_asked())
		check_rows(drill);
	services_close(&drill->services);
}

static void check_objects(struct drill *drill)
{
	int64_t count = 0;
	int bad = 0, rc = backup_objects_verify(drill->folder, &count, &bad);
	char text[64];

	path_format(text, sizeof(text), "%" PRId64 " copies, %d damaged", count, bad);
	note(drill, "objects", text, rc == 0 && bad == 0);
}

/* The secret of the folder, with which a restored database is opened; one without a key has none.
 */
static int prepare(struct drill *drill, const struct data_folder *data_folder)
{
	struct secret secret;
	int rc = backup_secrets_find(drill->folder, &secret);

	if (rc == 0) { /* it is not encrypted */
		rc = secret_find_previous(drill->config, data_folder->data, &drill->previous);
		drill->has_previous = rc == 1;
		rc = rc < 0 ? rc : secret_find(drill->config, data_folder->data, &secret);
	}
	if (rc < 0)
		return rc;
	memcpy(drill->secret, "SEBEZ_SECRET=", sizeof("SEBEZ_SECRET="));
	for (int i = 0; i < SECRET_BYTES; i++)
		snprintf(drill->secret + strlen("SEBEZ_SECRET=") + (ptrdiff_t)i * 2, 3, "%02x",
		         secret.key[i]);
	explicit_bzero(&secret, sizeof(secret));
	data_folder_path(data_folder, SCRATCH, drill->data, sizeof(drill->data));
	drill->scratch = *drill->config;
	drill->scratch.data = drill->data;
	drill->scratch.secret = drill->secret + strlen("SEBEZ_SECRET=");
	drill->scratch.redis_url = "";
	return 0;
}

static int write_report(const struct drill *drill, int64_t took_s)
{
	json_t *report =
	    json_pack("{s:I, s:b, s:s, s:I, s:O, s:O}", "at", (json_int_t)time(NULL), "good",
	              drill->good, "backup", drill->info.label, "seconds", (json_int_t)took_s,
	              "checks", drill->checks, "tables", drill->tables);
	char *text = json_dumps(report, JSON_INDENT(1));
	int rc;

	assert(report != NULL && text != NULL);
	rc = backup_folder_write(drill->folder->fd, BACKUP_DRILL_REPORT, text);
	free(text);
	json_decref(report);
	if (rc < 0)
		say("the report cannot be written to %s: %s", drill->folder->path, strerror(-rc));
	return rc;
}

static int remove_path(const char *path)
{
	const char *argv[] = {"rm", "-rf", path, NULL};
	struct child_spec rm = {.program = "/bin/rm", .argv = argv, .output_fd = -1};

	assert(strstr(path, "/" SCRATCH) != NULL);
	return child_run(&rm) == 0 ? 0 : -EIO;
}

/* What a drill that was cut off has left, too. */
static int clear(const struct drill *drill)
{
	return remove_path(drill->data);
}

/* The disk is that of the live database: of a drill that was not good only the logs stay. */
static void clear_but_logs(const struct drill *drill)
{
	char path[DATA_FOLDER_PATH_MAX + 256];
	const struct dirent *entry;
	DIR *dir = opendir(drill->data);

	while (dir != NULL && (entry = readdir(dir)) != NULL) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0 ||
		    strcmp(entry->d_name, "log") == 0)
			continue;
		path_format(path, sizeof(path), "%s/%s", drill->data, entry->d_name);
		if (remove_path(path) < 0)
			say("%s cannot be removed: remove it", path);
	}
	if (dir != NULL)
		closedir(dir);
}

static int64_t tree_bytes;

static int add_bytes(const char *path, const struct stat *info, int kind, struct FTW *at)
{
	(void)path, (void)at;
	if (kind == FTW_F)
		tree_bytes += info->st_size; /* what is sparse is not when it is restored */
	return 0;
}

/* A restore needs about the room of the live database, and must not take the last of its disk. */
static int check_room(const struct data_folder *data_folder)
{
	char cluster[DATA_FOLDER_PATH_MAX], needed[24], there[24];
	struct statvfs room;
	int64_t free_bytes, need;

	data_folder_path(data_folder, "postgres", cluster, sizeof(cluster));
	tree_bytes = 0;
	/* Files come and go meanwhile; where there is no live database there is nothing to harm. */
	if (nftw(cluster, add_bytes, OPEN_FOLDERS, FTW_PHYS) != 0 && errno != ENOENT)
		return -errno;
	if (statvfs(data_folder->data, &room) != 0)
		return -errno;
	need = tree_bytes + tree_bytes / 10 + MARGIN_BYTES;
	free_bytes = (int64_t)(room.f_bavail * room.f_frsize);
	if (free_bytes >= need)
		return 0;
	backup_bytes_text(need, needed, sizeof(needed));
	backup_bytes_text(free_bytes, there, sizeof(there));
	say("a drill needs %s free in %s, and there are %s: nothing was restored", needed,
	    data_folder->data, there);
	return -ENOSPC;
}

static int restore(struct drill *drill)
{
	static const struct backup_target TARGET = {.drill = true};
	struct data_folder data_folder;
	int rc;

	/* Recovery reads the archived log there, and nothing is archived. */
	drill->scratch.backup_folder = drill->folder->archives ? drill->folder->path : "";
	rc = data_folder_open(&drill->scratch, &data_folder);
	if (rc == 0)
		rc = backup_restore(&drill->scratch, &data_folder, drill->folder, &TARGET,
		                    &drill->info);
	drill->scratch.backup_folder = "";
	return rc;
}

static int try_it(struct drill *drill)
{
	time_t began = time(NULL);
	int rc = restore(drill);

	if (services_stop_asked())
		return -EINTR;
	note(drill, "restore", rc == 0 ? "good" : "the newest backup cannot be restored", rc == 0);
	if (rc == 0)
		check_all(drill);
	if (!services_stop_asked())
		check_objects(drill);
	if (services_stop_asked()) /* what it stopped is not found to be wrong */
		return -EINTR;
	rc = write_report(drill, (int64_t)(time(NULL) - began));
	printf("%s %s\n", drill->info.label, drill->good ? "can be restored" : "is NOT good");
	return rc;
}

int backup_drill(const struct config *config, const struct data_folder *data_folder,
                 struct backup_folder *folder, bool *ret_good)
{
	static struct drill drill;
	int rc;

	drill = (struct drill){.config = config, .folder = folder, .good = true};
	services_catch_signals();
	rc = prepare(&drill, data_folder);
	if (rc < 0 || (rc = clear(&drill)) < 0 || (rc = check_room(data_folder)) < 0)
		goto forget;
	drill.checks = json_object();
	drill.tables = json_object();
	assert(drill.checks != NULL && drill.tables != NULL);
	rc = try_it(&drill);
	*ret_good = rc == 0 && drill.good;
	if (drill.good || rc == -EINTR) {
		(void)clear(&drill);
	} else {
		clear_but_logs(&drill);
		say("see the logs in %s/log", drill.data);
	}
	if (rc == -EINTR)
		say("the drill was stopped: it says nothing of the backup");
	json_decref(drill.checks);
	json_decref(drill.tables);
forget:
	explicit_bzero(&drill, sizeof(drill));
	return rc;
}
