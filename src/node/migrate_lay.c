#include "node/migrate_lay.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "node/admin_db.h"
#include "node/marketplace.h"
#include "node/say.h"
#include "node/schema.h"

#define AS_BEFORE "reset role; reset all"

static int line_of(const char *text, const char *position)
{
	int line = 1;

	if (position == NULL)
		return 0;
	for (long i = strtol(position, NULL, 10) - 1; i > 0 && *text != '\0'; i--, text++)
		line += *text == '\n';
	return line;
}

static int apply_file(PGconn *conn, const struct embedded_file *file)
{
	assert(PQtransactionStatus(conn) == PQTRANS_INTRANS);

	PGresult *result = PQexec(conn, file->text);
	int rc = 0;

	if (!admin_db_succeeded(result)) {
		say("%s, line %d: %s", file->name,
		    line_of(file->text, PQresultErrorField(result, PG_DIAG_STATEMENT_POSITION)),
		    PQresultErrorMessage(result));
		rc = -EBADMSG;
	}
	PQclear(result);
	return rc;
}

int migrate_apply(PGconn *conn, const struct embedded_file *file)
{
	char hash[SCHEMA_HASH_SIZE];
	int rc = admin_db_run(conn, "begin");

	if (rc < 0)
		return rc;
	rc = apply_file(conn, file);
	/* The file may have changed role and settings. */
	if (rc == 0)
		rc = admin_db_run(conn, AS_BEFORE);
	schema_hash(file, hash);
	if (rc == 0)
		rc = schema_record(conn, file->name, hash);
	if (rc == 0)
		return admin_db_run(conn, "commit");
	PQclear(PQexec(conn, "rollback"));
	return rc;
}

static int apply_files(PGconn *conn, const struct embedded_file files[], size_t count)
{
	int rc = 0;

	for (size_t i = 0; i < count && rc == 0; i++)
		rc = apply_file(conn, &files[i]);
	return rc;
}

static int record_files(PGconn *conn, const struct embedded_file files[], size_t count)
{
	char hash[SCHEMA_HASH_SIZE];
	int rc = 0;

	for (size_t i = 0; i < count && rc == 0; i++) {
		schema_hash(&files[i], hash);
		rc = schema_record(conn, files[i].name, hash);
	}
	return rc;
}

static int record_all(PGconn *conn)
{
	char hash[SCHEMA_HASH_SIZE];
	int rc;

	schema_hash_of_areas(hash);
	rc = schema_record(conn, SCHEMA_LAID, hash);
	if (rc == 0)
		rc = schema_record(conn, SCHEMA_FUNCTIONS_OF, SEBEZ_VERSION);
	if (rc == 0)
		rc = record_files(conn, SCHEMA_FUNCTIONS, SCHEMA_FUNCTIONS_COUNT);
	return rc < 0 ? rc : record_files(conn, MIGRATIONS, MIGRATIONS_COUNT);
}

static int lay(PGconn *conn, const struct config *config)
{
	int rc = apply_files(conn, SCHEMA_TABLES, SCHEMA_TABLES_COUNT);

	/* Functions may refer to functions that are created later. */
	if (rc == 0)
		rc = admin_db_run(conn, "set local check_function_bodies = off");
	if (rc == 0)
		rc = apply_files(conn, SCHEMA_FUNCTIONS, SCHEMA_FUNCTIONS_COUNT);
	if (rc == 0)
		rc = apply_files(conn, SCHEMA_RULES, SCHEMA_RULES_COUNT);
	/* Before any other session can read the defaults. */
	if (rc == 0)
		rc = admin_db_run(conn, "set local role sebez_owner");
	if (rc == 0)
		rc = marketplace_fill(conn, config);
	return rc < 0 ? rc : admin_db_run(conn, AS_BEFORE);
}

int migrate_lay(PGconn *conn, const struct config *config)
{
	int rc = admin_db_run(conn, "begin");

	if (rc < 0)
		return rc;
	rc = lay(conn, config);
	if (rc == 0)
		rc = record_all(conn);
	if (rc == 0)
		return admin_db_run(conn, "commit");
	PQclear(PQexec(conn, "rollback"));
	return rc;
}
