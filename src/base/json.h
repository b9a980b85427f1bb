/*
 * json: writes JSON text into a buf, putting the commas and escaping the strings (RFC 8259).
 *
 * The writer asserts that it is used well: a value inside an object follows a key, what is opened
 * is closed, nesting stays within JSON_DEPTH_MAX. Strings must be valid UTF-8 (PostgreSQL and the
 * input validation both guarantee it). Invalid nesting is a bug, never bad input.
 *
 *   struct json json = json_new(&buf);
 *   json_open_object(&json);
 *   json_key(&json, "id");   json_uuid(&json, id);
 *   json_close_object(&json);
 */
#ifndef SEBEZ_BASE_JSON_H
#define SEBEZ_BASE_JSON_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/money.h"
#include "base/uuid.h"

enum { JSON_DEPTH_MAX = 32 };

struct json {
	struct buf *buf;
	int depth;
	uint32_t filled;  /* bit d - 1: the container at depth d already has a member */
	uint32_t objects; /* bit d - 1: the container at depth d is an object */
	bool after_key;
};

struct json json_new(struct buf *buf);

void json_open_object(struct json *json);
void json_close_object(struct json *json);
void json_open_array(struct json *json);
void json_close_array(struct json *json);
void json_key(struct json *json, const char *key); /* key needs no escaping */
void json_key_any(struct json *json, const char *key);

void json_nil(struct json *json); /* null; the name json_null belongs to jansson */
void json_bool(struct json *json, bool value);
void json_int(struct json *json, int64_t value);
void json_double(struct json *json, double value);  /* shortest exact; NaN and infinity are null */
void json_str(struct json *json, const char *text); /* NULL writes null */
void json_strn(struct json *json, const char *text, size_t length);
void json_uuid(struct json *json, struct uuid id);
void json_time(struct json *json, int64_t time_us); /* RFC 3339 UTC; infinite is null */
void json_raw(struct json *json, const char *text, size_t length); /* text that already is JSON */

/* A key and its value in one step. */
void json_put_str(struct json *json, const char *key, const char *text);
void json_put_int(struct json *json, const char *key, int64_t value);
void json_put_uuid(struct json *json, const char *key, struct uuid id);
void json_put_time(struct json *json, const char *key, int64_t time_us);
void json_put_money(struct json *json, const char *key, int64_t amount, const char *currency);

#endif
