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

#include "node/admin_db.h"
#include "node/backup_folder.h"
#include "node/backup_secrets.h"
#include "node/child.h"
#include "node/migrate.h"
#include "node/role_passwords.h"
#include "node/running.h"
#include "node/say.h"
#include "node/schema.h"
#include "node/sealed.h"
#include "node/secret.h"
#include "node/services.h"
#include "node/token_keys.h"

enum { TAKEN_POLLS = 1200, TAKEN_POLL_MS = 100 }; /* until a reload is over, on a busy machine */

static struct services services;

static bool wake_server(const char *data)
{
	struct running running;

	return running_find(data, &running) && kill(running.pid, SIGHUP) == 0;
}

static void print_steps(const struct secret *now)
{
	struct secret next;
	char text[SECRET_TEXT_LENGTH + 1];

	secret_make_next(now, &next);
	sodium_bin2hex(text, sizeof(text), next.key, sizeof(next.key));
	printf(
	    "A new one:\n\n  %s\n\n"
	    "1. SEBEZ_SECRET_PREVIOUS = the new one, on each server; restart one after the other\n"
	    "2. SEBEZ_SECRET = the new one, SEBEZ_SECRET_PREVIOUS = the old one, the same again\n"
	    "3. sebez secrets carry, once; then `sebez secrets status`\n",
	    text);
	sodium_memzero(&next, sizeof(next));
	sodium_memzero(text, sizeof(text));
}

static int open_data(const struct config *config, struct data_folder *data_folder)
{
	int rc = data_folder_become_owner(config);

	return rc == 0 ? data_folder_open(config, data_folder) : rc;
}

/* Servers that get it from elsewhere, and those that may share a database with others: these would
 * be locked out when the passwords of the roles change. */
static int tell_steps(const struct config *config, const struct data_folder *data_folder)
{
	struct secret now;
	bool given = config->secret[0] != '\0';

	if (secret_find(config, data_folder->data, &now) < 0)
		return 1;
	if (given)
		printf("SEBEZ_SECRET is set, so it is yours to change. ");
	else
		printf(
		    "Other servers may use the database of DATABASE_URL, so nothing was changed. "
		    "First set SEBEZ_SECRET to what %s/secret has, on each server, and restart "
		    "one after the other. ",
		    data_folder->data);
	print_steps(&now);
	sodium_memzero(&now, sizeof(now));
	return given ? 0 : 1;
}

static int rotate(const struct config *config, const struct data_folder *data_folder,
                  const struct secret *now)
{
	struct secret next;
	int rc;

	secret_make_next(now, &next);
	rc = backup_secrets_keep_next(config, data_folder, &next); /* before anything is sealed */
	if (rc == 0)
		rc = secret_rotate(data_folder->data, &next);
	sodium_memzero(&next, sizeof(next));
	if (rc < 0)
		return rc;
	printf("%s/secret is a new one, and secret.previous the one before\n", data_folder->data);
	printf(wake_server(data_folder->data)
	           ? "the server takes it over; `sebez secrets status` says when it is done\n"
	           : "no server runs; the next start takes it over\n");
	return 0;
}

int secrets_rotate_main(const struct config *config)
{
	struct data_folder data_folder;
	struct secret now, previous;
	int rc;

	if (open_data(config, &data_folder) < 0)
		return 1;
	if (config->secret[0] != '\0' || config->database_url[0] != '\0')
		return tell_steps(config, &data_folder);
	if (secret_find_previous(config, data_folder.data, &previous) != 0 ||
	    secret_is_ending(data_folder.data)) {
		say("the rotation before is not over: `sebez secrets end` ends it");
		sodium_memzero(&previous, sizeof(previous));
		return 1;
	}
	rc = secret_find(config, data_folder.data, &now);
	if (rc == 0)
		rc = rotate(config, &data_folder, &now);
	sodium_memzero(&now, sizeof(now));
	return rc == 0 ? 0 : 1;
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
	rc = backup_secrets_keep_next(config, &services.data_folder, NULL);
	if (rc == 0)
		rc = migrate_passwords(&services, &secret);
	if (rc == 0)
		rc = sealed_go_through(conn, true, &sealed);
	if (rc == 0)
		printf("%" PRId64 " of %" PRId64 " sealed secrets were sealed anew\n", sealed.old,
		       sealed.all);
	if (rc == 0 && sealed.lost > 0)
		say("%" PRId64 " are sealed with neither secret", sealed.lost);
	end_with(conn, &secret);
	return rc == 0 ? 0 : 1;
}

/* What the database has of which secret. */
struct state {
	struct sealed sealed;
	bool passwords_ours; /* of the roles */
};

static int look(const struct config *config, struct state *ret)
{
	struct secret secret;
	struct schema schema;
	PGconn *conn;
	int rc = with_database(config, &secret, &conn);

	if (rc < 0)
		return rc;
	rc = schema_read(conn, &schema);
	if (rc == 0) {
		ret->passwords_ours = role_passwords_state(&schema, &secret) == ROLE_PASSWORDS_OURS;
		schema_clear(&schema);
		rc = sealed_go_through(conn, false, &ret->sealed);
	}
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
	struct state state = {0};
	struct secret previous;
	int has;

	if (look(config, &state) < 0)
		return 1;
	has = secret_find_previous(config, services.data_folder.data, &previous);
	print_age(config, services.data_folder.data);
	printf("previous  %s\n", has == 1 ? "valid, until `sebez secrets end`"
	                         : secret_is_ending(services.data_folder.data)
	                             ? "valid, until the server has reloaded"
	                             : "none");
	printf("roles     their passwords are of %s\n",
	       state.passwords_ours ? "this secret" : "another secret: `sebez secrets carry`");
	printf("sealed    %" PRId64 ", of them %" PRId64 " with the previous secret, %" PRId64
	       " with neither\n",
	       state.sealed.all, state.sealed.old, state.sealed.lost);
	sodium_memzero(&previous, sizeof(previous));
	return state.passwords_ours && state.sealed.old == 0 && state.sealed.lost == 0 ? 0 : 1;
}

/* Until no process of the server knows it. A reload that fails leaves the old processes. */
static int wait_until_ended(const char *data)
{
	struct running running;

	if (!wake_server(data))
		return secret_ended(data);
	for (int i = 0; i < TAKEN_POLLS && secret_is_ending(data); i++) {
		if (!running_find(data, &running)) /* it has ended */
			return secret_ended(data);
		child_sleep_ms(TAKEN_POLL_MS);
	}
	if (!secret_is_ending(data))
		return 0;
	say("the server has not reloaded (see its log), so the previous secret is still valid: "
	    "`sebez secrets end` again");
	return -ETIMEDOUT;
}

/* Whether the database needs it no more. */
static int check_unused(const struct config *config)
{
	struct state state = {0};
	int rc = look(config, &state);

	if (rc < 0)
		return rc;
	if (!state.passwords_ours) {
		say("the passwords of the database roles are not of the new secret: `sebez secrets "
		    "carry` first");
		return -EBUSY;
	}
	if (state.sealed.old > 0) {
		say("%" PRId64 " secrets of authenticator apps are sealed with it: `sebez secrets "
		    "carry` first",
		    state.sealed.old);
		return -EBUSY;
	}
	return 0;
}

int secrets_end_main(const struct config *config)
{
	struct data_folder data_folder;
	struct secret previous;
	int has;

	if (config->secret[0] != '\0') {
		say("SEBEZ_SECRET is set: remove SEBEZ_SECRET_PREVIOUS and restart");
		return 1;
	}
	if (open_data(config, &data_folder) < 0)
		return 1;
	has = secret_find_previous(config, data_folder.data, &previous);
	sodium_memzero(&previous, sizeof(previous));
	if (has != 1 && !secret_is_ending(data_folder.data)) {
		say("there is no previous secret");
		return 1;
	}
	if (has == 1 && (check_unused(config) < 0 || secret_forget_previous(data_folder.data) < 0))
		return 1;
	if (wait_until_ended(data_folder.data) < 0)
		return 1;
	printf("what was made with the previous secret is not valid any more\n");
	return 0;
}
