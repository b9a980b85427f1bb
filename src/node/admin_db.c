#include "node/admin_db.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "node/embedded_pg.h"
#include "node/say.h"

static void ignore_notice(void *arg, const char *message)
{
	(void)arg;
	(void)message;
}

bool admin_db_succeeded(const PGresult *result)
{
	ExecStatusType status = PQresultStatus(result);

	return status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;
}

int admin_db_ask(PGconn *conn, const char *text, PGresult **ret)
{
	assert(conn != NULL);

	PGresult *result = PQexec(conn, text);

	if (!admin_db_succeeded(result)) {
		say("database error: %s", PQresultErrorMessage(result));
		PQclear(result);
		return -EBADMSG;
	}
	*ret = result;
	return 0;
}

int admin_db_run(PGconn *conn, const char *text)
{
	PGresult *result;
	int rc = admin_db_ask(conn, text, &result);

	if (rc == 0)
		PQclear(result);
	return rc;
}

static int create_database(const struct services *services)
{
	char conninfo[CONNINFO_MAX + 32];
	PGconn *conn;
	int rc = -EHOSTDOWN;

	/* The later dbname wins. */
	snprintf(conninfo, sizeof(conninfo), "%s dbname=postgres", services->admin);
	conn = PQconnectdb(conninfo);
	if (PQstatus(conn) == CONNECTION_OK)
		rc = admin_db_run(conn, "create database " EMBEDDED_PG_DATABASE);
	else
		say("cannot log in to the database: %s", PQerrorMessage(conn));
	PQfinish(conn);
	return rc;
}

int admin_db_open(const struct services *services, bool may_make, PGconn **ret)
{
	PGconn *conn = PQconnectdb(services->admin);

	if (PQstatus(conn) != CONNECTION_OK && may_make && services->pg_embedded &&
	    strstr(PQerrorMessage(conn), "does not exist") != NULL) {
		PQfinish(conn);
		if (create_database(services) < 0)
			return -EHOSTDOWN;
		conn = PQconnectdb(services->admin);
	}
	if (PQstatus(conn) != CONNECTION_OK) {
		say("cannot log in to the database: %s", PQerrorMessage(conn));
		PQfinish(conn);
		return -EHOSTDOWN;
	}
	PQsetNoticeProcessor(conn, ignore_notice, NULL);
	*ret = conn;
	return 0;
}
