#include "node/sealed.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/uuid.h"
#include "node/admin_db.h"
#include "node/say.h"
#include "shop/accounts/accounts.h"

enum { BATCH_ROWS = 1000, ARENA_BYTES = 1024 * 1024, UUID_TYPE = 2950, BYTEA_TYPE = 17 };

#define BATCH_TEXT "1000"

/* A column of sealed values, and the one whose id each is bound to. */
struct place {
	const char *table, *owner, *column;
	enum accounts_secret kind;
};

static const struct place PLACES[] = {
    {"totp", "account_id", "secret", ACCOUNTS_TOTP},
    {"totp", "account_id", "pending", ACCOUNTS_TOTP},
    {"identity", "id", "authorization_code", ACCOUNTS_IDENTITY},
    {"identity", "id", "refresh_token", ACCOUNTS_IDENTITY},
    {"identity_revocation", "id", "token", ACCOUNTS_IDENTITY},
};

struct batch {
	PGconn *conn;
	struct arena *arena;
	const struct place *place;
	struct uuid after; /* the last owner of the batch before */
	bool rewrites;
	int rows;
	struct sealed *sealed;
};

static struct bytes read_bytes(const PGresult *rows, int row, int column)
{
	return (struct bytes){PQgetvalue(rows, row, column),
	                      (size_t)PQgetlength(rows, row, column)};
}

/* Replaces it unless it has changed meanwhile: whoever changed it has sealed it anew. */
static int replace(const struct batch *batch, const struct uuid *owner, const struct bytes *before,
                   const struct bytes *after)
{
	const struct place *place = batch->place;
	char text[256];
	const char *values[] = {(const char *)owner->bytes, before->data, after->data};
	const int lengths[] = {sizeof(owner->bytes), (int)before->length, (int)after->length};
	const int formats[] = {1, 1, 1};
	const Oid types[] = {UUID_TYPE, BYTEA_TYPE, BYTEA_TYPE};
	PGresult *result;
	bool good;

	snprintf(text, sizeof(text), "update %s set %s = $3 where %s = $1 and %s = $2",
	         place->table, place->column, place->owner, place->column);
	result = PQexecParams(batch->conn, text, 3, types, values, lengths, formats, 1);
	good = PQresultStatus(result) == PGRES_COMMAND_OK;
	if (!good)
		say("a sealed secret cannot be replaced: %s", PQerrorMessage(batch->conn));
	PQclear(result);
	return good ? 0 : -EIO;
}

static PGresult *select_rows(const struct batch *batch)
{
	const struct place *place = batch->place;
	char text[256];
	const char *values[] = {(const char *)batch->after.bytes};
	const int lengths[] = {sizeof(batch->after.bytes)}, formats[] = {1};
	const Oid types[] = {UUID_TYPE};

	_Static_assert(BATCH_ROWS == 1000, "BATCH_TEXT is the same");
	snprintf(
	    text, sizeof(text),
	    "select %s, %s from %s where %s is not null and %s > $1 order by %s limit " BATCH_TEXT,
	    place->owner, place->column, place->table, place->column, place->owner, place->owner);
	return PQexecParams(batch->conn, text, 1, types, values, lengths, formats, 1);
}

static int look_at_one(struct batch *batch, const struct bytes *before)
{
	struct bytes after;

	batch->sealed->all++;
	switch (accounts_reseal(batch->arena, batch->place->kind, batch->after, before, &after)) {
	case ACCOUNTS_SEALED_NEWEST:
		break;
	case ACCOUNTS_SEALED_LOST:
		batch->sealed->lost++;
		break;
	case ACCOUNTS_SEALED_OLDER:
		batch->sealed->old++;
		return batch->rewrites ? replace(batch, &batch->after, before, &after) : 0;
	}
	return 0;
}

static int go_through_batch(struct batch *batch)
{
	PGresult *rows;
	int rc = admin_db_run(batch->conn, "begin; set local role sebez_owner");

	if (rc < 0)
		return rc;
	rows = select_rows(batch);
	if (PQresultStatus(rows) != PGRES_TUPLES_OK) {
		say("sealed secrets cannot be read: %s", PQerrorMessage(batch->conn));
		rc = -EIO;
	}
	batch->rows = rc == 0 ? PQntuples(rows) : 0;
	for (int i = 0; rc == 0 && i < batch->rows; i++) {
		struct bytes before = read_bytes(rows, i, 1);

		assert(PQgetlength(rows, i, 0) == sizeof(batch->after.bytes));
		memcpy(batch->after.bytes, PQgetvalue(rows, i, 0), sizeof(batch->after.bytes));
		rc = look_at_one(batch, &before);
	}
	PQclear(rows);
	return rc < 0 ? rc : admin_db_run(batch->conn, "commit"); /* a failure ends the command */
}

int sealed_go_through(PGconn *conn, bool rewrites, struct sealed *ret)
{
	int rc = 0;

	assert(PQtransactionStatus(conn) == PQTRANS_IDLE);
	*ret = (struct sealed){0};
	for (size_t i = 0; rc == 0 && i < sizeof(PLACES) / sizeof(PLACES[0]); i++) {
		struct batch batch = {
		    .conn = conn, .place = &PLACES[i], .rewrites = rewrites, .sealed = ret};

		do {
			batch.arena = arena_new(ARENA_BYTES, NULL, NULL);
			rc = go_through_batch(&batch);
			arena_free(batch.arena);
		} while (rc == 0 && batch.rows == BATCH_ROWS);
	}
	return rc;
}
