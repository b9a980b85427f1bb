#include "node/secrets.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/uuid.h"
#include "node/admin_db.h"
#include "node/backup_folder.h"
#include "node/migrate.h"
#include "node/running.h"
#include "node/say.h"
#include "node/secret.h"
#include "node/services.h"
#include "node/token_keys.h"
#include "shop/accounts/accounts.h"

enum { ARENA_BYTES = 64 * 1024 * 1024 };

static struct services services;

static void wake_server(const char *data)
{
	struct running running;

	if (running_find(data, &running) && kill(running.pid, SIGHUP) == 0)
		printf("the server takes it over; `sebez secrets status` says when it is done\n");
	else
		printf("no server runs; the next start takes it over\n");
}

/* Of servers that get it from elsewhere. */
static int print_steps(void)
{
	uint8_t key[SECRET_BYTES];
	char text[SECRET_TEXT_LENGTH + 1];

	randombytes_buf(key, sizeof(key));
	sodium_bin2hex(text, sizeof(text), key, sizeof(key));
	printf(
	    "SEBEZ_SECRET is set, so it is yours to change. A new one:\n\n  %s\n\n"
	    "1. SEBEZ_SECRET_PREVIOUS = the new one, on each server; restart one after the other\n"
	    "2. SEBEZ_SECRET = the new one, SEBEZ_SECRET_PREVIOUS = the old one, the same again\n"
	    "3. sebez secrets carry, once; then `sebez secrets status`\n",
	    text);
	sodium_memzero(key, sizeof(key));
	sodium_memzero(text, sizeof(text));
	return 0;
}

static int open_data(const struct config *config, struct data_folder *data_folder)
{
	int rc = data_folder_become_owner(config);

	return rc == 0 ? data_folder_open(config, data_folder) : rc;
}

int secrets_rotate_main(const struct config *config)
{
	struct data_folder data_folder;
	struct secret previous;

	if (config->secret[0] != '\0')
		return print_steps();
	if (open_data(config, &data_folder) < 0)
		return 1;
	if (secret_find_previous(config, data_folder.data, &previous) != 0) {
		say("the rotation before is not over: `sebez secrets end` ends it");
		return 1;
	}
	if (secret_rotate(data_folder.data) < 0)
		return 1;
	printf("%s/secret is a new one, and secret.previous the one before\n", data_folder.data);
	wake_server(data_folder.data);
	return 0;
}

static int load_keys(const struct config *config, struct secret *secret)
{
	struct secret previous;
	int rc = secret_find(config, services.data_folder.data, secret), has;

	if (rc < 0)
		return rc;
	has = secret_find_previous(config, services.data_folder.data, &previous);
	if (has < 0)
		return has;
	token_keys_load(secret, has == 1 ? &previous : NULL);
	sodium_memzero(&previous, sizeof(previous));
	return 0;
}

static struct bytes read_bytes(const PGresult *rows, int row, int column)
{
	return (struct bytes){PQgetvalue(rows, row, column),
	                      (size_t)PQgetlength(rows, row, column)};
}

/* Replaces it unless it has changed meanwhile: whoever changed it has sealed it anew. */
static int replace(PGconn *conn, const char *column, const char *account,
                   const struct bytes *before, const struct bytes *after)
{
	char text[256];
	const char *values[] = {account, before->data, after->data};
	const int lengths[] = {16, (int)before->length, (int)after->length};
	const int formats[] = {1, 1, 1};
	const Oid types[] = {2950, 17, 17}; /* uuid, bytea */
	PGresult *result;
	bool good;

	snprintf(text, sizeof(text), "update totp set %s = $3 where account_id = $1 and %s = $2",
	         column, column);
	result = PQexecParams(conn, text, 3, types, values, lengths, formats, 1);
	good = PQresultStatus(result) == PGRES_COMMAND_OK;
	if (!good)
		say("a sealed secret cannot be replaced: %s", PQerrorMessage(conn));
	PQclear(result);
	return good ? 0 : -EIO;
}

struct sealed {
	int64_t all, old, lost;
};

/* One column of all rows; rewrites what another key than the newest has sealed. */
static int go_through(PGconn *conn, const char *column, bool rewrites, struct sealed *ret)
{
	struct arena *arena = arena_new(ARENA_BYTES, NULL, NULL);
	char text[160];
	PGresult *rows;
	int rc = 0;

	snprintf(text, sizeof(text), "select account_id, %s from totp where %s is not null", column,
	         column);
	rows = PQexecParams(conn, text, 0, NULL, NULL, NULL, NULL, 1);
	if (PQresultStatus(rows) != PGRES_TUPLES_OK) {
		say("sealed secrets cannot be read: %s", PQerrorMessage(conn));
		rc = -EIO;
	}
	for (int i = 0; rc == 0 && i < PQntuples(rows); i++) {
		struct bytes before = read_bytes(rows, i, 1), after;
		struct uuid account;

		assert(PQgetlength(rows, i, 0) == sizeof(account.bytes));
		memcpy(account.bytes, PQgetvalue(rows, i, 0), sizeof(account.bytes));
		ret->all++;
		switch (accounts_reseal(arena, account, &before, &after)) {
		case ACCOUNTS_SEALED_NEWEST:
			break;
		case ACCOUNTS_SEALED_LOST:
			ret->lost++;
			break;
		case ACCOUNTS_SEALED_OLDER:
			ret->old++;
			if (rewrites)
				rc = replace(conn, column, PQgetvalue(rows, i, 0), &before, &after);
			break;
		}
	}
	PQclear(rows);
	arena_free(arena);
	return rc;
}

static int go_through_all(PGconn *conn, bool rewrites, struct sealed *ret)
{
	int rc = admin_db_run(conn, "begin; set local role sebez_owner");

	*ret = (struct sealed){0};
	if (rc == 0)
		rc = go_through(conn, "secret", rewrites, ret);
	if (rc == 0)
		rc = go_through(conn, "pending", rewrites, ret);
	return rc < 0 ? rc : admin_db_run(conn, "commit");
}

/* With the database, and the keys. */
static int with_database(const struct config *config, struct secret *secret, PGconn **ret)
{
	int rc = services_open(config, SERVICES_TOOL, &services);

	if (rc < 0)
		return rc;
	rc = load_keys(config, secret);
	if (rc == 0)
		rc = admin_db_open(&services, false, ret);
	if (rc < 0)
		services_close(&services);
	return rc;
}

static void end_with(PGconn *conn, struct secret *secret)
{
	PQfinish(conn);
	services_close(&services);
	sodium_memzero(secret, sizeof(*secret));
}

int secrets_carry_main(const struct config *config)
{
	struct sealed sealed;
	struct secret secret;
	PGconn *conn;
	int rc = with_database(config, &secret, &conn);

	if (rc < 0)
		return 1;
	rc = migrate(config, &services, &secret, MIGRATE_FOR_ITSELF); /* the roles' passwords */
	if (rc == 0)
		rc = go_through_all(conn, true, &sealed);
	if (rc == 0)
		printf("%" PRId64 " of %" PRId64 " sealed secrets were sealed anew\n", sealed.old,
		       sealed.all);
	if (rc == 0 && sealed.lost > 0)
		say("%" PRId64 " are sealed with neither secret", sealed.lost);
	end_with(conn, &secret);
	return rc == 0 ? 0 : 1;
}

/* How many are sealed with the one before; negative: an error. */
static int look(const struct config *config, struct sealed *ret)
{
	struct secret secret;
	PGconn *conn;
	int rc = with_database(config, &secret, &conn);

	if (rc < 0)
		return rc;
	rc = go_through_all(conn, false, ret);
	end_with(conn, &secret);
	return rc;
}

static void print_age(const struct config *config, const char *data)
{
	char path[DATA_FOLDER_PATH_MAX], age[24];
	struct stat info;

	path_format(path, sizeof(path), "%s/secret", data);
	if (config->secret[0] != '\0' || stat(path, &info) != 0)
		return;
	backup_age_text((int64_t)(time(NULL) - info.st_mtime), age, sizeof(age));
	printf("secret    %s old\n", age);
}

int secrets_status_main(const struct config *config)
{
	struct sealed sealed;
	struct secret previous;
	int has;

	if (look(config, &sealed) < 0)
		return 1;
	has = secret_find_previous(config, services.data_folder.data, &previous);
	print_age(config, services.data_folder.data);
	printf("previous  %s\n", has == 1 ? "valid, until `sebez secrets end`" : "none");
	printf("sealed    %" PRId64 ", of them %" PRId64 " with the previous secret, %" PRId64
	       " with neither\n",
	       sealed.all, sealed.old, sealed.lost);
	sodium_memzero(&previous, sizeof(previous));
	return sealed.old == 0 && sealed.lost == 0 ? 0 : 1;
}

int secrets_end_main(const struct config *config)
{
	struct sealed sealed;
	struct secret previous;

	if (config->secret[0] != '\0') {
		say("SEBEZ_SECRET is set: remove SEBEZ_SECRET_PREVIOUS and restart");
		return 1;
	}
	if (look(config, &sealed) < 0)
		return 1;
	if (secret_find_previous(config, services.data_folder.data, &previous) != 1) {
		say("there is no previous secret");
		return 1;
	}
	sodium_memzero(&previous, sizeof(previous));
	if (sealed.old > 0) {
		say("%" PRId64 " secrets of authenticator apps are sealed with it: `sebez secrets "
		    "carry` first",
		    sealed.old);
		return 1;
	}
	if (secret_forget_previous(services.data_folder.data) < 0)
		return 1;
	printf("what was made with the previous secret is not valid any more\n");
	wake_server(services.data_folder.data);
	return 0;
}
