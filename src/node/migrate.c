#include "node/migrate.h"

#include <errno.h>
#include <libpq-fe.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/embedded_file.h"
#include "node/embedded_pg.h"
#include "node/say.h"
#include "store/pg.h"

/* Any number that nobody else uses for an advisory lock of this database. */
#define MIGRATE_LOCK "7308326"
/* The row of sebez_migration that tells which key the passwords were made from. */
#define PASSWORDS_ROW "role passwords"

static bool succeeded(const PGresult *result)
{
	ExecStatusType status = PQresultStatus(result);

	return status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;
}

static int run(PGconn *conn, const char *text)
{
	PGresult *result = PQexec(conn, text);
	int rc = succeeded(result) ? 0 : -EBADMSG;

	if (rc < 0)
		say("the database refused: %s", PQresultErrorMessage(result));
	PQclear(result);
	return rc;
}

static int line_of(const char *text, const char *position)
{
	int line = 1;

	if (position == NULL)
		return 0;
	for (long i = strtol(position, NULL, 10) - 1; i > 0 && *text != '\0'; i--, text++)
		line += *text == '\n';
	return line;
}

static void hash_of(const struct embedded_file *file, char ret[crypto_hash_sha256_BYTES * 2 + 1])
{
	unsigned char hash[crypto_hash_sha256_BYTES];

	crypto_hash_sha256(hash, (const unsigned char *)file->text, file->length);
	sodium_bin2hex(ret, crypto_hash_sha256_BYTES * 2 + 1, hash, sizeof(hash));
}

static int note_applied(PGconn *conn, const char *name, const char *hash)
{
	const char *values[] = {name, hash};
	PGresult *result =
	    PQexecParams(conn,
	                 "insert into sebez_migration (name, sha256) values ($1, $2) "
	                 "on conflict (name) do update "
	                 "set sha256 = excluded.sha256, applied_at = now()",
	                 2, NULL, values, NULL, NULL, 0);
	int rc = succeeded(result) ? 0 : -EBADMSG;

	if (rc < 0)
		say("the database refused: %s", PQresultErrorMessage(result));
	PQclear(result);
	return rc;
}

static int apply(PGconn *conn, const struct embedded_file *file, const char *hash)
{
	PGresult *result;
	int rc = run(conn, "begin");

	if (rc < 0)
		return rc;
	result = PQexec(conn, file->text);
	if (!succeeded(result)) {
		say("%s, line %d: %s", file->name,
		    line_of(file->text, PQresultErrorField(result, PG_DIAG_STATEMENT_POSITION)),
		    PQresultErrorMessage(result));
		rc = -EBADMSG;
	}
	PQclear(result);
	/* A migration may change role and settings; what follows is ours again. */
	if (rc == 0)
		rc = run(conn, "reset role; reset all");
	if (rc == 0)
		rc = note_applied(conn, file->name, hash);
	if (rc == 0)
		return run(conn, "commit");
	PQclear(PQexec(conn, "rollback"));
	return rc;
}

static const char *applied_hash(const PGresult *applied, const char *name)
{
	for (int row = 0; row < PQntuples(applied); row++)
		if (strcmp(PQgetvalue(applied, row, 0), name) == 0)
			return PQgetvalue(applied, row, 1);
	return NULL;
}

static int apply_missing(PGconn *conn, const PGresult *applied)
{
	char hash[crypto_hash_sha256_BYTES * 2 + 1];
	int rc = 0;

	for (size_t i = 0; i < MIGRATION_COUNT && rc == 0; i++) {
		const char *known = applied_hash(applied, MIGRATIONS[i].name);

		hash_of(&MIGRATIONS[i], hash);
		if (known == NULL) {
			rc = apply(conn, &MIGRATIONS[i], hash);
		} else if (strcmp(known, hash) != 0) {
			say("migration %s has changed since it was applied to this database",
			    MIGRATIONS[i].name);
			rc = -ESTALE;
		}
	}
	return rc;
}

/* Functions are replaced whole, so what was applied may be an older text. */
static int apply_changed_functions(PGconn *conn, const PGresult *applied)
{
	char hash[crypto_hash_sha256_BYTES * 2 + 1];
	int rc = 0;

	for (size_t i = 0; i < FUNCTION_FILE_COUNT && rc == 0; i++) {
		const char *known = applied_hash(applied, FUNCTIONS[i].name);

		hash_of(&FUNCTIONS[i], hash);
		if (known == NULL || strcmp(known, hash) != 0)
			rc = apply(conn, &FUNCTIONS[i], hash);
	}
	return rc;
}

static int set_password(PGconn *conn, const struct secret *secret, const char *role)
{
	char password[SECRET_TEXT_LENGTH + 1];
	char text[512];
	char *verifier;
	int rc;

	secret_role_password(secret, role, password);
	/* The server gets only the SCRAM verifier, so no log of it can hold the password. */
	verifier = PQencryptPasswordConn(conn, password, role, "scram-sha-256");
	sodium_memzero(password, sizeof(password));
	if (verifier == NULL) {
		say("cannot make a password: %s", PQerrorMessage(conn));
		return -EBADMSG;
	}
	snprintf(text, sizeof(text), "alter role %s login password '%s'", role, verifier);
	PQfreemem(verifier);
	rc = run(conn, text);
	sodium_memzero(text, sizeof(text));
	return rc;
}

static int set_passwords(PGconn *conn, const struct secret *secret, const PGresult *applied,
                         bool thorough)
{
	char fingerprint[SECRET_TEXT_LENGTH + 1];
	const char *known = applied_hash(applied, PASSWORDS_ROW);
	int rc = 0;

	secret_derive(secret, "db passwords, version 1", fingerprint);
	if (MIGRATION_COUNT == 0 || (!thorough && known != NULL && strcmp(known, fingerprint) == 0))
		return 0;
	for (int role = 0; role < PG_ROLE_COUNT && rc == 0; role++)
		rc = set_password(conn, secret, PG_ROLE_NAMES[role]);
	return rc < 0 ? rc : note_applied(conn, PASSWORDS_ROW, fingerprint);
}

static void ignore_notice(void *arg, const char *message)
{
	(void)arg;
	(void)message;
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
		rc = run(conn, "create database " EMBEDDED_PG_DATABASE);
	else
		say("cannot log in to the database: %s", PQerrorMessage(conn));
	PQfinish(conn);
	return rc;
}

static int connect_admin(const struct services *services, PGconn **ret)
{
	PGconn *conn = PQconnectdb(services->admin);

	if (PQstatus(conn) != CONNECTION_OK && services->pg_embedded &&
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

static int migrate_locked(PGconn *conn, const struct secret *secret, bool thorough)
{
	PGresult *applied;
	int rc = run(conn, "create table if not exists public.sebez_migration ("
	                   "name text primary key, sha256 text not null, "
	                   "applied_at timestamptz not null default now())");

	if (rc < 0)
		return rc;
	applied = PQexec(conn, "select name, sha256 from sebez_migration");
	if (succeeded(applied)) {
		rc = apply_missing(conn, applied);
		if (rc == 0)
			rc = apply_changed_functions(conn, applied);
		if (rc == 0)
			rc = set_passwords(conn, secret, applied, thorough);
	} else {
		say("the database refused: %s", PQresultErrorMessage(applied));
		rc = -EBADMSG;
	}
	PQclear(applied);
	return rc;
}

int migrate(const struct services *services, const struct secret *secret, bool thorough)
{
	PGconn *conn;
	int rc = connect_admin(services, &conn);

	if (rc < 0)
		return rc;
	rc = run(conn, "select pg_advisory_lock(" MIGRATE_LOCK ")");
	if (rc == 0)
		rc = migrate_locked(conn, secret, thorough);
	PQfinish(conn);
	return rc;
}
