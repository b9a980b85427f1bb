#include "node/check.h"

#include <libpq-fe.h>
#include <stdio.h>
#include <string.h>

#include "node/embedded_redis.h"
#include "node/migrate.h"
#include "node/services.h"
#include "store/pg.h"
#include "task/statements.h"

static unsigned wrong;

static void report(bool good, const char *what, const char *detail)
{
	printf("%-6s %s%s%s\n", good ? "ok" : "WRONG", what, detail[0] != '\0' ? ": " : "", detail);
	wrong += !good;
}

static void report_statement(void *arg, const char *line)
{
	(void)arg;
	report(false, "statement", line);
}

/* Each role can log in with the password that this server would use. */
static void check_roles(const struct services *services, const struct secret *secret)
{
	char conninfo[CONNINFO_MAX + 256];

	for (int role = 0; role < PG_ROLE_COUNT; role++) {
		PGconn *conn;
		bool good;

		services_role_conninfo(services->base, secret, PG_ROLE_NAMES[role], conninfo,
		                       sizeof(conninfo));
		conn = PQconnectdb(conninfo);
		good = PQstatus(conn) == CONNECTION_OK;
		report(good, PG_ROLE_NAMES[role], good ? "logs in" : PQerrorMessage(conn));
		PQfinish(conn);
	}
	explicit_bzero(conninfo, sizeof(conninfo));
}

static void check_data(PGconn *conn)
{
	PGresult *result = PQexec(conn, "select name, ok, detail from check_data()");

	if (PQresultStatus(result) != PGRES_TUPLES_OK)
		report(false, "data", PQresultErrorMessage(result));
	for (int row = 0; row < PQntuples(result); row++)
		report(strcmp(PQgetvalue(result, row, 1), "t") == 0, PQgetvalue(result, row, 0),
		       PQgetvalue(result, row, 2));
	PQclear(result);
}

static void check_database(const struct services *services, bool data)
{
	char count[32];
	size_t mistakes;
	PGconn *conn = PQconnectdb(services->admin);

	if (PQstatus(conn) != CONNECTION_OK) {
		report(false, "database", PQerrorMessage(conn));
		PQfinish(conn);
		return;
	}
	report(true, "database", PQparameterStatus(conn, "server_version"));
	snprintf(count, sizeof(count), "%zu", SQL_STATEMENT_COUNT);
	mistakes = statements_check(conn, report_statement, NULL);
	report(mistakes == 0, "statements prepared", count);
	if (data)
		check_data(conn);
	PQfinish(conn);
}

int check_main(const struct config *config, bool data)
{
	static struct services services;
	struct secret secret;

	report(true, "configuration", "");
	if (services_open(config, SERVICES_TOOL, &services) < 0) {
		report(false, "services", "see above");
		return 1;
	}
	report(true, "services", services.pg_embedded ? "embedded" : "external");
	if (services.redis_embedded)
		report(embedded_redis_answers(&services.place), "redis", "");
	if (secret_load(config, services.place.data, &secret) == 0 &&
	    migrate(&services, &secret, false) == 0) {
		report(true, "schema", "up to date");
		check_roles(&services, &secret);
		check_database(&services, data);
	} else {
		report(false, "schema", "see above");
	}
	services_close(&services);
	printf("%s\n", wrong == 0 ? "all is well" : "something is wrong");
	return wrong != 0;
}
