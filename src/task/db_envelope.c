/*
 * The envelope: sets the actor in the database, at the head of each transaction. The functions are
 * in db/; they refuse (class SB) when the session has ended, the account is locked or the staff
 * role does not allow the operation. It is a single function, so that supporting another database
 * (Citus) means replacing only its body.
 */
#include <assert.h>
#include <stddef.h>

#include "store/pg_types.h"
#include "task/db_internal.h"
#include "task/params.h"

enum {
	NUMBER_BEGIN,
	NUMBER_COMMIT,
	NUMBER_CUSTOMER,
	NUMBER_GUEST,
	NUMBER_STAFF,
	NUMBER_ADMIN,
	NUMBER_JOBS,
	NUMBER_MEDIA,
	NUMBER_IMPORT,
	NUMBER_VIEW,
};

const struct pg_statement DB_BEGIN_STATEMENT = {
    .name = "begin", .text = "begin", .number = NUMBER_BEGIN};
const struct pg_statement DB_COMMIT_STATEMENT = {
    .name = "commit", .text = "commit", .number = NUMBER_COMMIT};

/* They count as reads: resending them is harmless. */
static const struct pg_statement ACT_AS_CUSTOMER = {
    .name = "act_as_customer",
    .text = "select act_as_customer($1, $2, $3)",
    .param_count = 3,
    .param_types = (const Oid[]){PG_UUID_OID, PG_UUID_OID, PG_TEXT_OID},
    .reads_only = true,
    .number = NUMBER_CUSTOMER,
};

static const struct pg_statement ACT_AS_GUEST = {
    .name = "act_as_guest",
    .text = "select act_as_guest($1, $2)",
    .param_count = 2,
    .param_types = (const Oid[]){PG_TEXT_OID, PG_TEXT_OID},
    .reads_only = true,
    .number = NUMBER_GUEST,
};

static const struct pg_statement ACT_AS_STAFF = {
    .name = "act_as_staff",
    .text = "select act_as_staff($1, $2, $3, $4, $5)",
    .param_count = 5,
    .param_types = (const Oid[]){PG_UUID_OID, PG_UUID_OID, PG_UUID_OID, PG_INT4_OID, PG_TEXT_OID},
    .reads_only = true,
    .number = NUMBER_STAFF,
};

static const struct pg_statement ACT_AS_ADMIN = {
    .name = "act_as_admin",
    .text = "select act_as_admin($1, $2, $3, $4, $5)",
    .param_count = 5,
    .param_types = (const Oid[]){PG_UUID_OID, PG_UUID_OID, PG_INT4_OID, PG_TEXT_OID, PG_TEXT_OID},
    .reads_only = true,
    .number = NUMBER_ADMIN,
};

static const struct pg_statement ACT_AS_JOBS = {
    .name = "act_as_jobs",
    .text = "select act_as_jobs($1)",
    .param_count = 1,
    .param_types = (const Oid[]){PG_TEXT_OID},
    .reads_only = true,
    .number = NUMBER_JOBS,
};

static const struct pg_statement ACT_AS_MEDIA = {
    .name = "act_as_media",
    .text = "select act_as_media($1)",
    .param_count = 1,
    .param_types = (const Oid[]){PG_TEXT_OID},
    .reads_only = true,
    .number = NUMBER_MEDIA,
};

static const struct pg_statement ACT_AS_IMPORT = {
    .name = "act_as_import",
    .text = "select act_as_import($1, $2)",
    .param_count = 2,
    .param_types = (const Oid[]){PG_UUID_OID, PG_TEXT_OID},
    .reads_only = true,
    .number = NUMBER_IMPORT,
};

static const struct pg_statement ACT_AS_VIEW = {
    .name = "act_as_view",
    .text = "select act_as_view($1, $2, $3, $4, $5)",
    .param_count = 5,
    .param_types = (const Oid[]){PG_UUID_OID, PG_UUID_OID, PG_UUID_OID, PG_TEXT_OID, PG_TEXT_OID},
    .reads_only = true,
    .number = NUMBER_VIEW,
};

enum pg_role db_role_of(enum actor_kind kind)
{
	switch (kind) {
	case ACTOR_NONE:
		return PG_PUBLIC;
	case ACTOR_GUEST:
	case ACTOR_CUSTOMER:
		return PG_CUSTOMER;
	case ACTOR_STAFF:
	case ACTOR_IMPORT:
		return PG_VENDOR;
	case ACTOR_ADMIN:
		return PG_ADMIN;
	case ACTOR_JOBS:
		return PG_JOBS;
	case ACTOR_MEDIA:
		return PG_MEDIA;
	}
	assert(false);
	return PG_PUBLIC;
}

/* An admin who looks on: the session is the view's id. */
static void envelope_view(struct db *db, const struct uuid *vendor)
{
	struct arena *arena = db->task->arena;
	const struct actor *actor = &db->task->actor;

	assert(!uuid_is_nil(actor->session_id) && actor->address[0] != 0);
	db_collect(db, &ACT_AS_VIEW, NULL,
	           (const struct pg_param[]){
	               param_uuid(arena, &actor->session_id), param_uuid(arena, &actor->account_id),
	               param_uuid(arena, vendor), param_text(arena, actor->address),
	               param_text(arena, db->task->request_id)});
}

static void envelope_customer(struct db *db)
{
	struct arena *arena = db->task->arena;
	const struct actor *actor = &db->task->actor;
	struct pg_param request_id = param_text(arena, db->task->request_id);

	if (actor->kind == ACTOR_GUEST) {
		db_collect(
		    db, &ACT_AS_GUEST, NULL,
		    (const struct pg_param[]){param_text(arena, actor->guest_token), request_id});
		return;
	}
	if (actor->is_view) {
		envelope_view(db, NULL);
		return;
	}
	assert(!uuid_is_nil(actor->account_id)); /* PG_CUSTOMER needs an account or a guest */
	db_collect(db, &ACT_AS_CUSTOMER, NULL,
	           (const struct pg_param[]){param_uuid(arena, &actor->account_id),
	                                     param_uuid(arena, &actor->session_id), request_id});
}

static void envelope_vendor(struct db *db)
{
	struct arena *arena = db->task->arena;
	const struct actor *actor = &db->task->actor;
	int32_t roles = (int32_t)actor->roles;
	struct pg_param vendor = param_uuid(arena, &actor->vendor_id);
	struct pg_param request_id = param_text(arena, db->task->request_id);

	if (actor->kind == ACTOR_IMPORT) {
		db_collect(db, &ACT_AS_IMPORT, NULL, (const struct pg_param[]){vendor, request_id});
		return;
	}
	assert(actor->kind == ACTOR_STAFF);
	if (actor->is_view) {
		envelope_view(db, &actor->vendor_id);
		return;
	}
	db_collect(db, &ACT_AS_STAFF, NULL,
	           (const struct pg_param[]){param_uuid(arena, &actor->account_id),
	                                     param_uuid(arena, &actor->session_id), vendor,
	                                     param_int(arena, &roles), request_id});
}

void db_envelope(struct db *db)
{
	struct arena *arena = db->task->arena;
	const struct actor *actor = &db->task->actor;
	int32_t roles = (int32_t)actor->roles;
	struct pg_param request_id = param_text(arena, db->task->request_id);
	struct pg_param account = param_uuid(arena, &actor->account_id);
	struct pg_param session = param_uuid(arena, &actor->session_id);

	switch (db->role) {
	case PG_PUBLIC:
	case PG_AUTH:
		return;
	case PG_CUSTOMER:
		envelope_customer(db);
		return;
	case PG_VENDOR:
		envelope_vendor(db);
		return;
	case PG_ADMIN:
		assert(actor->kind == ACTOR_ADMIN);
		db_collect(db, &ACT_AS_ADMIN, NULL,
		           (const struct pg_param[]){account, session, param_int(arena, &roles),
		                                     param_text(arena, actor->address),
		                                     request_id});
		return;
	case PG_JOBS:
		db_collect(db, &ACT_AS_JOBS, NULL, &request_id);
		return;
	case PG_MEDIA:
		db_collect(db, &ACT_AS_MEDIA, NULL, &request_id);
		return;
	case PG_ROLE_COUNT:
		break;
	}
	assert(false);
}
