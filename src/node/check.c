#include "node/check.h"

#include <assert.h>
#include <errno.h>
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "net/co.h"
#include "net/loop.h"
#include "node/admin_db.h"
#include "node/identity_setup.h"
#include "node/mail_setup.h"
#include "node/marketplace.h"
#include "node/object_store.h"
#include "node/payment_setup.h"
#include "node/push_setup.h"
#include "node/role_passwords.h"
#include "node/schema.h"
#include "node/services.h"
#include "store/outage.h"
#include "store/pg.h"
#include "store/redis.h"
#include "task/statements.h"

enum { REDIS_MS = 3000, REDIS_POLL_MS = 10 };

static unsigned wrong;

static void report(bool good, const char *what, const char *detail)
{
	size_t length = strlen(detail);

	/* libpq's messages end with a newline. */
	while (length > 0 && detail[length - 1] == '\n')
		length--;
	printf("%-6s %s%s%.*s\n", good ? "ok" : "WRONG", what, length > 0 ? ": " : "", (int)length,
	       detail);
	wrong += !good;
}

static void report_statement(void *arg, const char *line)
{
	(void)arg;
	report(false, "statement", line);
}

static char redis_reason[256] = "does not respond";

static void keep_reason(const char *store, const char *reason)
{
	(void)store;
	if (reason != NULL)
		snprintf(redis_reason, sizeof(redis_reason), "%s", reason);
}

/* Runs on a fiber, because it uses the servers' Redis client, with their password and retries. */
static void wait_for_redis(void *arg)
{
	struct redis *redis = arg;
	int64_t deadline_ms = loop_now_ms() + REDIS_MS;

	while (!redis_is_up(redis) && loop_now_ms() < deadline_ms)
		co_sleep_ms(REDIS_POLL_MS);
	report(redis_is_up(redis), "redis", redis_is_up(redis) ? "answers" : redis_reason);
	loop_stop();
}

static void check_redis(const char *url)
{
	struct redis *redis;

	outage_report(keep_reason);
	if (redis_open(url, &redis) < 0) {
		report(false, "redis", "REDIS_URL is not usable");
		return;
	}
	if (co_start(wait_for_redis, redis) == 0)
		loop_run();
	redis_close(redis);
}

/* Each role can log in with the password that this server would use. */
static void check_roles(const struct services *services, const struct secret *secret)
{
	char conninfo[CONNINFO_MAX + 256];

	for (int role = 0; role < PG_ROLE_COUNT; role++) {
		PGconn *conn;
		bool good;

		assert(PG_ROLE_NAMES[role] != NULL);
		services_role_conninfo(services->base, secret, PG_ROLE_NAMES[role], conninfo,
		                       sizeof(conninfo));
		conn = PQconnectdb(conninfo);
		good = PQstatus(conn) == CONNECTION_OK;
		report(good, PG_ROLE_NAMES[role], good ? "logs in" : PQerrorMessage(conn));
		PQfinish(conn);
	}
	explicit_bzero(conninfo, sizeof(conninfo));
}

static void check_one(PGconn *conn, const struct schema_check *check)
{
	char *text = NULL, name[128], detail[128];
	PGresult *result = NULL;
	bool sound;

	if (asprintf(&text, "select count(*), (array_agg(who))[1] from (%s) as bad (who)",
	             check->query) < 0)
		abort();
	snprintf(name, sizeof(name), "%s: %s", check->area, check->title);
	result = PQexec(conn, text);
	if (PQresultStatus(result) != PGRES_TUPLES_OK) {
		report(false, name, PQresultErrorMessage(result));
		goto finish;
	}
	assert(PQntuples(result) == 1 && PQnfields(result) == 2); /* it aggregates */
	sound = strcmp(PQgetvalue(result, 0, 0), "0") == 0;
	snprintf(detail, sizeof(detail), "%s offenders, for example %s", PQgetvalue(result, 0, 0),
	         PQgetvalue(result, 0, 1));
	report(sound, name, sound ? "0 offenders" : detail);
finish:
	PQclear(result);
	free(text);
}

/* All checks run in one snapshot. */
static void check_data(PGconn *conn)
{
	if (admin_db_run(conn, "begin isolation level repeatable read read only; "
	                       "set local role sebez_owner") < 0) {
		report(false, "data", "see above");
		return;
	}
	for (size_t i = 0; i < SCHEMA_CHECKS_COUNT; i++) {
		PQclear(PQexec(conn, "savepoint one"));
		check_one(conn, &SCHEMA_CHECKS[i]);
		PQclear(PQexec(conn, "rollback to one"));
	}
	PQclear(PQexec(conn, "rollback"));
}

static void check_statements(PGconn *conn)
{
	char count[32];
	size_t mistakes;

	snprintf(count, sizeof(count), "%zu", SQL_STATEMENT_COUNT);
	mistakes = statements_check(conn, report_statement, NULL);
	report(mistakes == 0, "statements prepared", count);
}

/* Whether the database matches this program; `sebez migrate` fixes what does not. */
static bool check_schema(PGconn *conn, const struct config *config, const struct schema *schema)
{
	const char *unknown = schema_unknown_migration(schema);
	unsigned before = wrong;

	if (schema_is_of_other_development(schema))
		report(false, "schema", "was created by another development version of sebez");
	else if (schema_value(schema, SCHEMA_LAID) == NULL)
		report(false, "schema", "is not applied yet");
	for (size_t i = 0; i < MIGRATIONS_COUNT; i++)
		if (schema_value(schema, MIGRATIONS[i].name) == NULL)
			report(false, MIGRATIONS[i].name, "is not applied yet");
		else if (!schema_has(schema, &MIGRATIONS[i]))
			report(false, MIGRATIONS[i].name, "was changed after it was applied");
	if (unknown != NULL)
		report(false, unknown, "was applied by a newer sebez");
	for (size_t i = 0; i < SCHEMA_FUNCTIONS_COUNT; i++)
		if (!schema_has(schema, &SCHEMA_FUNCTIONS[i]))
			report(false, SCHEMA_FUNCTIONS[i].name, "differs from this version");
	if (schema_value(schema, SCHEMA_LAID) != NULL && marketplace_check(conn, config) < 0)
		report(false, "SEBEZ_CURRENCY", "see above");
	if (wrong == before)
		report(true, "schema", "up to date");
	return wrong == before;
}

static void check_database(const struct config *config, const struct services *services, bool data)
{
	struct schema schema;
	struct secret secret;
	PGconn *conn;

	if (admin_db_open(services, false, &conn) < 0) {
		report(false, "database", "see above");
		return;
	}
	report(true, "database", PQparameterStatus(conn, "server_version"));
	if (schema_read(conn, &schema) < 0) {
		report(false, "schema", "see above");
		goto finish;
	}
	if (secret_find(config, services->data_folder.data, &secret) < 0)
		report(false, "secret", "see above");
	else if (role_passwords_state(&schema, &secret) == ROLE_PASSWORDS_OTHER)
		report(false, "secret", "the roles' passwords were derived from another secret");
	else if (role_passwords_state(&schema, &secret) == ROLE_PASSWORDS_OURS)
		check_roles(services, &secret);
	if (check_schema(conn, config, &schema)) {
		check_statements(conn);
		if (data)
			check_data(conn);
	}
	schema_clear(&schema);
finish:
	PQfinish(conn);
}

/* Writes, reads and deletes an object in each store that is used. */
static void check_objects(const struct config *config, const struct services *services)
{
	bool both = config->media_store == MEDIA_STORE_S3_FOLDER ||
	            config->media_store == MEDIA_STORE_FOLDER_S3;
	int fd = object_store_folder(&services->data_folder);
	struct secret secret;

	if (fd < 0 || secret_find(config, services->data_folder.data, &secret) < 0) {
		report(false, "images and files", "see above");
		return;
	}
	for (int in_s3 = 0; in_s3 <= 1; in_s3++) {
		char name[DATA_FOLDER_PATH_MAX + 64], detail[512];

		if (!both && (in_s3 == 1) != object_store_is_s3(config))
			continue;
		object_store_name(config, services->data_folder.data, in_s3 == 1, name,
		                  sizeof(name));
		report(object_store_probe(config, &secret, fd, in_s3 == 1, detail, sizeof(detail)),
		       name, detail);
	}
	explicit_bzero(&secret, sizeof(secret));
	close(fd);
}

static void report_line(void *arg, bool good, const char *what, const char *detail)
{
	(void)arg;
	report(good, what, detail);
}

int check_main(const struct config *config, bool data)
{
	static struct services services;

	report(true, "configuration", "");
	if (services_open(config, SERVICES_TOOL, &services) < 0) {
		report(false, "services", "see above");
		return 1;
	}
	report(true, "services", services.pg_embedded ? "embedded" : "external");
	check_redis(services.redis_url);
	check_database(config, &services, data);
	check_objects(config, &services);
	payment_setup_probe(config, report_line);
	push_setup_probe(config, report_line);
	mail_setup_probe(config, report_line);
	identity_setup_probe(config, report_line);
	services_close(&services);
	printf("%s\n", wrong == 0 ? "all checks passed" : "some checks failed");
	return wrong != 0;
}
