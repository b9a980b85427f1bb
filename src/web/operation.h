/*
 * operation: a row of the operation table that is generated from the contract, and the field tables
 * from which web/validate fills an operation's input. Data only.
 */
#ifndef SEBEZ_WEB_OPERATION_H
#define SEBEZ_WEB_OPERATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct request;

/* Permitted callers, as bits. Roles within a kind are checked by the database's envelope. */
enum may_call {
	MAY_PUBLIC = 1 << 0,   /* anyone; credentials are ignored */
	MAY_GUEST = 1 << 1,    /* anonymous, with X-Cart-Token or none yet */
	MAY_CUSTOMER = 1 << 2, /* any signed-in account, acting for itself */
	MAY_STAFF = 1 << 3,    /* staff of {vendor_id} in the path */
	MAY_ADMIN = 1 << 4,
};

enum idempotency_rule { IDEMPOTENCY_NONE, IDEMPOTENCY_OPTIONAL, IDEMPOTENCY_REQUIRED };
enum body_kind { BODY_NONE, BODY_JSON, BODY_STREAM };

/* How a field of a body, query or path is checked, and where it is stored. */
enum field_type {
	FIELD_STRING, /* const char * */
	FIELD_UUID,
	FIELD_INT32,
	FIELD_INT64,
	FIELD_BOOL,
	FIELD_TIME,   /* int64_t microseconds */
	FIELD_MONEY,  /* struct money */
	FIELD_ENUM,   /* int, index into `choices` */
	FIELD_OBJECT, /* struct of `object` */
	FIELD_ARRAY,  /* size_t count at count_offset, pointer to items at offset */
	FIELD_JSON,   /* any JSON object, kept as compact text: const char * */
	FIELD_MAP,    /* object of string values: count, array of struct field_pair */
};

enum field_format {
	FORMAT_NONE,
	FORMAT_EMAIL,
	FORMAT_URI,
	FORMAT_SLUG,
	FORMAT_CURRENCY,
	FORMAT_COUNTRY
};
enum field_place { IN_PATH, IN_QUERY, IN_HEADER, IN_BODY };

struct field_pair {
	const char *key;
	const char *value;
};

struct field;

struct field_object {
	size_t size; /* of the struct */
	size_t field_count;
	const struct field *fields;
	size_t members_min; /* minProperties: a PATCH changes at least one thing */
};

#define FIELD_NO_OFFSET SIZE_MAX

struct field {
	const char *name;
	enum field_type type;
	enum field_place place;
	bool required;
	bool pointer;  /* optional scalars and objects: a pointer, NULL when not given */
	bool nullable; /* null is allowed; given_offset tells null from absent */
	enum field_format format;
	int64_t min, max; /* value; for strings code points; for arrays items */
	bool has_default;
	int64_t default_value;             /* FIELD_INT32, FIELD_INT64, FIELD_BOOL, FIELD_ENUM */
	const char *default_text;          /* FIELD_STRING */
	const char *const *choices;        /* FIELD_ENUM, NULL-terminated */
	const struct field_object *object; /* FIELD_OBJECT, and FIELD_ARRAY of objects */
	enum field_type item_type;         /* FIELD_ARRAY */
	int64_t item_min, item_max;        /* of each item or of each value of a FIELD_MAP */
	bool unique_items;
	bool trim; /* strings of a body, items and values, too: stripped of white space at the edges
	            */
	bool html; /* strings of a body: HTML, cleaned (base/html.h) */
	bool commas; /* a query array in one parameter (explode: false): a,b,c */
	size_t offset;
	size_t count_offset; /* FIELD_ARRAY, FIELD_MAP; not given is a NULL pointer, empty is not */
	size_t given_offset; /* optional and nullable: bool <name>_given; else FIELD_NO_OFFSET */
};

struct operation {
	const char *id; /* operationId */
	const char *method;
	const char *path; /* with {names} */
	unsigned number;
	unsigned may_call;
	uint32_t staff_roles, admin_roles; /* bits of enum staff_role, enum admin_role */
	enum idempotency_rule idempotency;
	enum body_kind body;
	size_t body_bytes_max;
	const char *media_type; /* of the body, NULL when there is none */
	const char *limit;      /* name of the rate rule (web/limit.h), NULL for none */
	const char
	    *limit_when;  /* query parameter whose presence makes the request count, NULL: always */
	bool cached;      /* GET: may be answered by web/cache */
	bool is_signed;   /* its query is a signature, which the handler verifies */
	bool takes_rest;  /* its last path parameter is the rest of the path; its query is free */
	int32_t recent_s; /* how old the session's last proof may be (web/recent.h); 0: any age */
	bool takes_ticket; /* GET: ?ticket (web/ticket.h) may stand for the access token */
	struct field_object
	    input; /* path, query, header and body fields; body ones have place IN_BODY */
	bool body_required;
	void (*call)(struct request *rq, const void *in);
};

extern const struct operation OPERATIONS[];
extern const size_t OPERATION_COUNT;

#endif
