#include "node/schema.h"

#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "node/admin_db.h"
#include "node/say.h"

_Static_assert(SCHEMA_HASH_SIZE == crypto_hash_sha256_BYTES * 2 + 1,
               "a SHA-256 as hexadecimal text");

int schema_read(PGconn *conn, struct schema *ret)
{
	PGresult *table;
	int rc = admin_db_ask(
	    conn, "select 1 from pg_class where oid = to_regclass('public.sebez_migration')",
	    &table);
	bool there;

	if (rc < 0)
		return rc;
	there = PQntuples(table) > 0;
	PQclear(table);
	return admin_db_ask(conn,
	                    there ? "select name, sha256 from public.sebez_migration order by name"
	                          : "select '' as name, '' as sha256 limit 0",
	                    &ret->rows);
}

void schema_clear(struct schema *schema)
{
	PQclear(schema->rows);
	schema->rows = NULL;
}

const char *schema_value(const struct schema *schema, const char *name)
{
	assert(schema->rows != NULL && PQnfields(schema->rows) == 2);
	for (int row = 0; row < PQntuples(schema->rows); row++)
		if (strcmp(PQgetvalue(schema->rows, row, 0), name) == 0)
			return PQgetvalue(schema->rows, row, 1);
	return NULL;
}

int schema_record(PGconn *conn, const char *name, const char *value)
{
	const char *values[] = {name, value};
	PGresult *result =
	    PQexecParams(conn,
	                 "insert into public.sebez_migration (name, sha256) values ($1, $2) "
	                 "on conflict (name) do update "
	                 "set sha256 = excluded.sha256, applied_at = now()",
	                 2, NULL, values, NULL, NULL, 0);
	int rc = admin_db_succeeded(result) ? 0 : -EBADMSG;

	if (rc < 0)
		say("database error: %s", PQresultErrorMessage(result));
	PQclear(result);
	return rc;
}

void schema_hash(const struct embedded_file *file, char ret[SCHEMA_HASH_SIZE])
{
	unsigned char hash[crypto_hash_sha256_BYTES];

	crypto_hash_sha256(hash, (const unsigned char *)file->text, file->length);
	sodium_bin2hex(ret, SCHEMA_HASH_SIZE, hash, sizeof(hash));
}

static void hash_files(crypto_hash_sha256_state *state, const struct embedded_file *files,
                       size_t count)
{
	for (size_t i = 0; i < count; i++)
		crypto_hash_sha256_update(state, (const unsigned char *)files[i].text,
		                          files[i].length);
}

void schema_hash_of_areas(char ret[SCHEMA_HASH_SIZE])
{
	unsigned char hash[crypto_hash_sha256_BYTES];
	crypto_hash_sha256_state state;

	crypto_hash_sha256_init(&state);
	hash_files(&state, SCHEMA_TABLES, SCHEMA_TABLES_COUNT);
	hash_files(&state, SCHEMA_RULES, SCHEMA_RULES_COUNT);
	crypto_hash_sha256_final(&state, hash);
	sodium_bin2hex(ret, SCHEMA_HASH_SIZE, hash, sizeof(hash));
}

bool schema_has(const struct schema *schema, const struct embedded_file *file)
{
	const char *known = schema_value(schema, file->name);
	char hash[SCHEMA_HASH_SIZE];

	schema_hash(file, hash);
	return known != NULL && strcmp(known, hash) == 0;
}

/* 0001_roles.sql; function files and other rows have no number. */
static bool is_migration(const char *name)
{
	for (int i = 0; i < 4; i++)
		if (!isdigit((unsigned char)name[i]))
			return false;
	return name[4] == '_';
}

static bool is_ours(const char *name)
{
	for (size_t i = 0; i < MIGRATIONS_COUNT; i++)
		if (strcmp(MIGRATIONS[i].name, name) == 0)
			return true;
	return false;
}

const char *schema_unknown_migration(const struct schema *schema)
{
	for (int row = 0; row < PQntuples(schema->rows); row++) {
		const char *name = PQgetvalue(schema->rows, row, 0);

		if (is_migration(name) && !is_ours(name))
			return name;
	}
	return NULL;
}

bool schema_is_of_other_development(const struct schema *schema)
{
	const char *laid = schema_value(schema, SCHEMA_LAID);
	char ours[SCHEMA_HASH_SIZE];

	if (laid == NULL)
		return PQntuples(schema->rows) > 0;
	if (schema_unknown_migration(schema) != NULL)
		return false; /* a newer version's */
	for (size_t i = 0; i < MIGRATIONS_COUNT; i++)
		if (schema_value(schema, MIGRATIONS[i].name) == NULL)
			return false; /* migrating leads to this schema */
	schema_hash_of_areas(ours);
	return strcmp(laid, ours) != 0;
}

static bool is_later(const char *version, const char *other)
{
	int a[3] = {0}, b[3] = {0};

	(void)sscanf(version, "%d.%d.%d", &a[0], &a[1], &a[2]);
	(void)sscanf(other, "%d.%d.%d", &b[0], &b[1], &b[2]);
	for (int i = 0; i < 3; i++)
		if (a[i] != b[i])
			return a[i] > b[i];
	return false;
}

bool schema_has_newer_functions(const struct schema *schema)
{
	const char *version = schema_value(schema, SCHEMA_FUNCTIONS_OF);

	if (version == NULL || !is_later(version, SEBEZ_VERSION))
		return false;
	for (size_t i = 0; i < SCHEMA_FUNCTIONS_COUNT; i++)
		if (!schema_has(schema, &SCHEMA_FUNCTIONS[i]))
			return true;
	return false;
}
