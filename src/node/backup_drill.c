#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <libpq-fe.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "node/admin_db.h"
#include "node/backup.h"
#include "node/child.h"
#include "node/embedded_pg.h"
#include "node/say.h"

#define SCRATCH "drill" /* below the data folder */

struct drill {
	const struct config *config; /* of the shop */
	struct config scratch;       /* a data folder of its own, services of its own */
	char data[DATA_FOLDER_PATH_MAX];
	char secret[sizeof("SEBEZ_SECRET=") + SECRET_TEXT_LENGTH];
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
	rc = child_run(&spec);
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

static void check_all(struct drill *drill)
{
	PGconn *conn;

	if (services_open(&drill->scratch, SERVICES_TOOL, &drill->services) < 0) {
		note(drill, "start", "PostgreSQL does not start with it", false);
		return;
	}
	if (admin_db_open(&drill->services, false, &conn) == 0) {
		check_counts(drill, conn);
		PQfinish(conn);
	} else {
		note(drill, "counts", "no connection", false);
	}
	check_pages(drill);
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

/* The shop's secret of the backup, or else its own: `check` logs in as each role. */
static int prepare(struct drill *drill, const struct data_folder *data_folder)
{
	struct secret secret;
	int rc = secret_find(drill->config, data_folder->data, &secret);

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

/* A scratch folder of a drill that was cut off may still have its PostgreSQL for a moment. */
static int clear(const struct drill *drill)
{
	const char *argv[] = {"rm", "-rf", drill->data, NULL};
	struct child_spec rm = {.program = "/bin/rm", .argv = argv, .output_fd = -1};

	assert(strstr(drill->data, "/" SCRATCH) != NULL);
	return child_run(&rm) == 0 ? 0 : -EIO;
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

int backup_drill(const struct config *config, const struct data_folder *data_folder,
                 struct backup_folder *folder, bool *ret_good)
{
	static struct drill drill;
	time_t began = time(NULL);
	int rc;

	drill = (struct drill){.config = config, .folder = folder, .good = true};
	rc = prepare(&drill, data_folder);
	if (rc < 0 || (rc = clear(&drill)) < 0)
		return rc;
	drill.checks = json_object();
	drill.tables = json_object();
	assert(drill.checks != NULL && drill.tables != NULL);
	rc = restore(&drill);
	note(&drill, "restore", rc == 0 ? "good" : "the newest backup cannot be restored", rc == 0);
	if (rc == 0)
		check_all(&drill);
	check_objects(&drill);
	rc = write_report(&drill, (int64_t)(time(NULL) - began));
	printf("%s %s\n", drill.info.label, drill.good ? "can be restored" : "is NOT good");
	*ret_good = drill.good;
	if (drill.good)
		(void)clear(&drill);
	else
		say("see the logs in %s/log", drill.data);
	json_decref(drill.checks);
	json_decref(drill.tables);
	explicit_bzero(&drill, sizeof(drill));
	return rc;
}
