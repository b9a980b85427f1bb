#include "node/migrate.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "node/admin_db.h"
#include "node/marketplace.h"
#include "node/migrate_lay.h"
#include "node/role_passwords.h"
#include "node/say.h"
#include "node/schema.h"

/* An arbitrary number that no other advisory lock of this database uses. */
#define MIGRATE_LOCK "7308326"

#define MAKE_PARTITIONS "set role sebez_owner; select partitions_make(); reset role"

enum { LOCK_POLL_MS = 50 };

struct migration {
	PGconn *conn;
	const struct config *config;
	const struct secret *secret;
	enum migrate_for purpose;
	struct schema schema; /* state before the migration */
};

/* Applies missing migrations. A fresh database needs none: its schema already includes them. */
static int apply_missing(const struct migration *mg)
{
	assert(schema_value(&mg->schema, SCHEMA_LAID) != NULL);

	char hash[SCHEMA_HASH_SIZE];
	int rc = 0;

	for (size_t i = 0; i < MIGRATIONS_COUNT && rc == 0; i++)
		if (schema_value(&mg->schema, MIGRATIONS[i].name) == NULL)
			rc = migrate_apply(mg->conn, &MIGRATIONS[i]);
	if (rc == 0) {
		schema_hash_of_areas(hash);
		rc = schema_record(mg->conn, SCHEMA_LAID, hash);
	}
	return rc;
}

/* Functions are replaced completely, so an older version may have been applied. */
static int apply_changed_functions(const struct migration *mg)
{
	bool noted = schema_value(&mg->schema, SCHEMA_FUNCTIONS_OF) != NULL;
	int rc = 0;

	for (size_t i = 0; i < SCHEMA_FUNCTIONS_COUNT && rc == 0; i++) {
		bool same = schema_has(&mg->schema, &SCHEMA_FUNCTIONS[i]);

		/* Recorded before the first replacement, so that a partial update is attributed to
		 * this version. */
		if (!same || !noted)
			rc = schema_record(mg->conn, SCHEMA_FUNCTIONS_OF, SEBEZ_VERSION);
		noted = true;
		if (rc == 0 && !same)
			rc = migrate_apply(mg->conn, &SCHEMA_FUNCTIONS[i]);
	}
	return rc;
}

static int migrate_upgrade(const struct migration *mg)
{
	int rc = apply_missing(mg);

	return rc < 0 ? rc : apply_changed_functions(mg);
}

static int refuse_other_schema(const struct migration *mg)
{
	const char *unknown = schema_unknown_migration(&mg->schema);

	if (schema_is_of_other_development(&mg->schema)) {
		say("the database was created by another development version of sebez, and before "
		    "version 1.0 there is no upgrade: start with a new data folder (SEBEZ_DATA) or "
		    "an empty database (DATABASE_URL)");
		return -ESTALE;
	}
	if (unknown != NULL) {
		say("the database was migrated by a newer sebez: %s is unknown to version %s",
		    unknown, SEBEZ_VERSION);
		return -ESTALE;
	}
	for (size_t i = 0; i < MIGRATIONS_COUNT; i++)
		if (schema_value(&mg->schema, MIGRATIONS[i].name) != NULL &&
		    !schema_has(&mg->schema, &MIGRATIONS[i])) {
			say("migration %s was changed after it was applied to this database",
			    MIGRATIONS[i].name);
			return -ESTALE;
		}
	if (schema_has_newer_functions(&mg->schema) && mg->purpose != MIGRATE_FOR_ITSELF) {
		say("the functions in the database are those of sebez %s, which is newer; "
		    "`sebez migrate` installs those of %s",
		    schema_value(&mg->schema, SCHEMA_FUNCTIONS_OF), SEBEZ_VERSION);
		return -ESTALE;
	}
	return 0;
}

/* Checks everything that must not be changed by accident before any change. */
static int refuse_unfit(const struct migration *mg)
{
	int rc = refuse_other_schema(mg);

	if (rc == 0 && mg->purpose == MIGRATE_FOR_TOOL &&
	    schema_value(&mg->schema, SCHEMA_LAID) == NULL) {
		say("there is no marketplace in this database yet: `sebez serve` or `sebez "
		    "migrate` makes it");
		return -ENOENT;
	}
	if (rc == 0 && schema_value(&mg->schema, SCHEMA_LAID) != NULL)
		rc = marketplace_check(mg->conn, mg->config);
	if (rc < 0 || role_passwords_state(&mg->schema, mg->secret) != ROLE_PASSWORDS_OTHER)
		return rc;
	if (mg->purpose == MIGRATE_FOR_TOOL) {
		say("SEBEZ_SECRET differs from the secret that the passwords of the database roles "
		    "were derived from: it must be that of the servers; only `sebez serve` and "
		    "`sebez migrate` change them");
		return -EKEYREJECTED;
	}
	say("SEBEZ_SECRET has changed: changing the passwords of the database "
	    "roles; servers with the old secret can no longer log in");
	return 0;
}

static int set_passwords(const struct migration *mg)
{
	if (mg->purpose != MIGRATE_FOR_ITSELF &&
	    role_passwords_state(&mg->schema, mg->secret) == ROLE_PASSWORDS_OURS)
		return 0;
	return role_passwords_set(mg->conn, mg->secret);
}

static int migrate_locked(struct migration *mg)
{
	int rc = schema_read(mg->conn, &mg->schema);

	assert(PQtransactionStatus(mg->conn) != PQTRANS_INTRANS); /* each step has its own */
	if (rc < 0)
		return rc;
	rc = refuse_unfit(mg);
	if (rc == 0)
		rc = admin_db_run(mg->conn, "create table if not exists public.sebez_migration ("
		                            "name text primary key, sha256 text not null, "
		                            "applied_at timestamptz not null default now())");
	if (rc == 0 && schema_value(&mg->schema, SCHEMA_LAID) == NULL)
		rc = migrate_lay(mg->conn, mg->config);
	else if (rc == 0)
		rc = migrate_upgrade(mg);
	if (rc == 0) /* those that are locked now are created by a job */
		rc = admin_db_run(mg->conn, MAKE_PARTITIONS);
	if (rc == 0)
		rc = set_passwords(mg);
	schema_clear(&mg->schema);
	return rc;
}

/* Acquires the migration lock, which is released when the connection closes. */
static int lock(PGconn *conn)
{
	bool reported = false;

	for (;;) {
		PGresult *result;
		bool taken;
		int rc =
		    admin_db_ask(conn, "select pg_try_advisory_lock(" MIGRATE_LOCK ")", &result);

		if (rc < 0)
			return rc;
		assert(PQntuples(result) == 1);
		taken = PQgetvalue(result, 0, 0)[0] == 't';
		PQclear(result);
		if (taken)
			return 0;
		if (services_stop_asked())
			return -EINTR;
		if (!reported)
			say("waiting for another migration of this database");
		reported = true;
		child_sleep_ms(LOCK_POLL_MS);
	}
}

int migrate(const struct config *config, const struct services *services,
            const struct secret *secret, enum migrate_for purpose)
{
	struct migration mg = {.config = config, .secret = secret, .purpose = purpose};
	int rc = admin_db_open(services, true, &mg.conn);

	if (rc < 0)
		return rc;
	rc = lock(mg.conn);
	if (rc == 0)
		rc = migrate_locked(&mg);
	PQfinish(mg.conn);
	return rc;
}

int migrate_passwords(const struct services *services, const struct secret *secret)
{
	PGconn *conn;
	int rc = admin_db_open(services, false, &conn);

	if (rc < 0)
		return rc;
	rc = lock(conn);
	if (rc == 0)
		rc = role_passwords_set(conn, secret);
	PQfinish(conn);
	return rc;
}
