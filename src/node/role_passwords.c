#include "node/role_passwords.h"

#include <assert.h>
#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "node/admin_db.h"
#include "node/say.h"
#include "store/pg.h"

static void fingerprint(const struct secret *secret, char ret[SECRET_TEXT_LENGTH + 1])
{
	secret_derive(secret, "db passwords, version 1", ret);
}

enum role_passwords role_passwords_state(const struct schema *schema, const struct secret *secret)
{
	const char *known = schema_value(schema, SCHEMA_PASSWORDS);
	char ours[SECRET_TEXT_LENGTH + 1];

	if (known == NULL)
		return ROLE_PASSWORDS_MISSING;
	fingerprint(secret, ours);
	return strcmp(known, ours) == 0 ? ROLE_PASSWORDS_OURS : ROLE_PASSWORDS_OTHER;
}

static int set_one(PGconn *conn, const struct secret *secret, const char *role)
{
	char password[SECRET_TEXT_LENGTH + 1];
	char text[512];
	char *verifier;
	int rc;

	assert(PQstatus(conn) == CONNECTION_OK);
	secret_role_password(secret, role, password);
	/* Only the SCRAM verifier is sent to the server, so its logs cannot contain the
	 * password. */
	verifier = PQencryptPasswordConn(conn, password, role, "scram-sha-256");
	sodium_memzero(password, sizeof(password));
	if (verifier == NULL) {
		say("cannot derive a password: %s", PQerrorMessage(conn));
		return -EBADMSG;
	}
	/* Neither can end the statement's quotes. */
	assert(strspn(role, "abcdefghijklmnopqrstuvwxyz_") == strlen(role));
	assert(strpbrk(verifier, "'\\") == NULL);
	snprintf(text, sizeof(text), "alter role %s login password '%s'", role, verifier);
	PQfreemem(verifier);
	rc = admin_db_run(conn, text);
	sodium_memzero(text, sizeof(text));
	return rc;
}

int role_passwords_set(PGconn *conn, const struct secret *secret)
{
	char ours[SECRET_TEXT_LENGTH + 1];
	int rc = 0;

	for (int role = 0; role < PG_ROLE_COUNT && rc == 0; role++)
		rc = set_one(conn, secret, PG_ROLE_NAMES[role]);
	fingerprint(secret, ours);
	return rc < 0 ? rc : schema_record(conn, SCHEMA_PASSWORDS, ours);
}
