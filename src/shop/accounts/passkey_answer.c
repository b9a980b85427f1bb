#include "shop/accounts/passkey_answer.h"

#include <assert.h>
#include <jansson.h>
#include <sodium.h>
#include <string.h>

#include "base/codec.h"
#include "base/limits.h"
#include "shop/accounts/accounts.h"
#include "web/json_parse.h"

static const char *const PURPOSES[] = {
    [PASSKEY_REGISTRATION] = "registration",
    [PASSKEY_SIGN_IN] = "sign_in",
    [PASSKEY_STEP_UP] = "step_up",
};

_Static_assert((int)WEBAUTHN_HASH_BYTES == (int)crypto_hash_sha256_BYTES, "a SHA-256");

_Noreturn void passkey_refuse(struct request *rq, const char *detail)
{
	task_end(&rq->task, PROBLEM_BAD_CREDENTIALS, "%s", detail);
}

void passkey_challenge(struct request *rq, struct db *db, enum passkey_purpose purpose,
                       const char *email_key, uint8_t ret[PASSKEY_CHALLENGE_BYTES])
{
	const struct uuid *session = purpose == PASSKEY_SIGN_IN ? NULL : &rq->task.actor.session_id;

	if (account_settings()->passkey_domain[0] == 0)
		task_end(&rq->task, PROBLEM_CONFLICT,
		         "This marketplace has no domain (SEBEZ_PUBLIC_URL), which passkeys need.");
	randombytes_buf(ret, PASSKEY_CHALLENGE_BYTES);
	sql_passkey_challenge_add(db, (struct bytes){ret, PASSKEY_CHALLENGE_BYTES},
	                          PURPOSES[purpose], session, email_key, LIMIT_PASSKEY_CHALLENGE_S);
}

/* Where the reading of an answer is. */
struct reading {
	struct request *rq;
	const char *field;
};

static _Noreturn void wrong(const struct reading *reading, const char *name, const char *code,
                            const char *detail)
{
	task_end_field(&reading->rq->task,
	               arena_printf(reading->rq->task.arena, "%s%s", reading->field, name), code,
	               "%s", detail);
}

static json_t *parse(const struct reading *reading, const char *name, const char *text,
                     size_t length)
{
	struct check check;

	check_init(&check, reading->rq->task.arena);
	json_t *json = json_parse(&check, text, length);

	if (!json_is_object(json))
		wrong(reading, name, "json", "must be an object of JSON");
	return json;
}

/* A member that is a text without NUL, so that it can be compared as a C string; else NULL. */
static const char *text_of(const json_t *object, const char *name)
{
	const json_t *member = json_object_get(object, name);
	const char *text = json_string_value(member);

	return text != NULL && strlen(text) == json_string_length(member) ? text : NULL;
}

/* The bytes of a member in base64url; empty when it is absent or null and need not be there. */
static struct webauthn_piece bytes_of(const struct reading *reading, json_t *object,
                                      const char *path, bool is_needed)
{
	const char *name = strrchr(path, '/') + 1;
	const char *text = text_of(object, name);
	struct webauthn_piece piece = {NULL, 0};

	if (text == NULL && (is_needed || json_is_string(json_object_get(object, name))))
		wrong(reading, path, "required", "must be a text of base64url");
	if (text == NULL)
		return piece;
	size_t size = strlen(text) * 3 / 4 + 1;
	uint8_t *bytes = arena_alloc(reading->rq->task.arena, size);

	if (size > LIMIT_PASSKEY_MEMBER_BYTES ||
	    !base64url_decode_most(text, bytes, size, &piece.length))
		wrong(reading, path, "format",
		      "must be base64url without padding, of 16 KB at most");
	piece.bytes = bytes;
	return piece;
}

/* Whether the page is one of ours, or an app. */
static bool is_ours(const char *origin)
{
	const char *list = account_settings()->passkey_origins;
	size_t wanted = strlen(origin);

	for (size_t length; *(list += strspn(list, " ")) != 0; list += length) {
		length = strcspn(list, " ");
		if (length == wanted && memcmp(list, origin, length) == 0)
			return true;
	}
	return false;
}

/* What the browser says. */
static void read_client_data(const struct reading *reading, struct passkey_answer *answer)
{
	static const char PATH[] = "/response/clientDataJSON";
	const char *wanted =
	    answer->purpose == PASSKEY_REGISTRATION ? "webauthn.create" : "webauthn.get";
	json_t *json = parse(reading, PATH, (const char *)answer->client_data.bytes,
	                     answer->client_data.length);
	const char *type = text_of(json, "type");
	const char *origin = text_of(json, "origin");
	const char *challenge = text_of(json, "challenge");

	if (type == NULL || origin == NULL || challenge == NULL)
		wrong(reading, PATH, "format", "must have type, origin and challenge");
	if (strcmp(type, wanted) != 0)
		passkey_refuse(reading->rq, "The passkey was asked for something else.");
	if (!is_ours(origin) || json_is_true(json_object_get(json, "crossOrigin")))
		passkey_refuse(reading->rq,
		               "The passkey was used on a page that is not this marketplace's.");
	if (!base64url_decode(challenge, answer->challenge, sizeof(answer->challenge)))
		passkey_refuse(reading->rq, "The passkey was asked by somebody else.");
}

/* What the authenticator says. */
static void read_data(const struct reading *reading, struct passkey_answer *answer)
{
	const char *domain = account_settings()->passkey_domain;
	uint8_t site[WEBAUTHN_HASH_BYTES];

	if (!webauthn_data_read(answer->raw.bytes, answer->raw.length, &answer->data))
		wrong(reading, "/response", "format", "has malformed data of the authenticator");
	crypto_hash_sha256(site, (const uint8_t *)domain, strlen(domain));
	if (memcmp(site, answer->data.site, sizeof(site)) != 0)
		passkey_refuse(reading->rq, "The passkey is for another site.");
	if (!answer->data.is_present || !answer->data.is_verified)
		passkey_refuse(reading->rq, "The authenticator has not verified who uses it.");
}

static bool are_same(struct webauthn_piece a, struct webauthn_piece b)
{
	return a.length == b.length && a.length > 0 && memcmp(a.bytes, b.bytes, a.length) == 0;
}

void passkey_answer_read(struct request *rq, const char *field, const char *json,
                         enum passkey_purpose purpose, struct passkey_answer *ret)
{
	const struct reading reading = {rq, field};
	json_t *whole = parse(&reading, "", json, strlen(json));
	json_t *response = json_object_get(whole, "response");

	*ret = (struct passkey_answer){.purpose = purpose};
	if (!json_is_object(response))
		wrong(&reading, "/response", "required", "must be an object");
	ret->credential_id = bytes_of(&reading, whole, "/id", true);
	ret->client_data = bytes_of(&reading, response, "/response/clientDataJSON", true);
	read_client_data(&reading, ret);
	if (purpose == PASSKEY_REGISTRATION) {
		struct webauthn_piece object =
		    bytes_of(&reading, response, "/response/attestationObject", true);

		if (!webauthn_attestation_read(object.bytes, object.length, &ret->raw))
			wrong(&reading, "/response/attestationObject", "format", "is malformed");
	} else {
		ret->raw = bytes_of(&reading, response, "/response/authenticatorData", true);
		ret->signature = bytes_of(&reading, response, "/response/signature", true);
		ret->user_handle = bytes_of(&reading, response, "/response/userHandle", false);
	}
	read_data(&reading, ret);
	if (purpose == PASSKEY_REGISTRATION &&
	    !are_same(ret->credential_id, ret->data.credential_id))
		wrong(&reading, "/id", "format", "must be the id in attestationObject");
}

const struct passkey_challenge_take_row *passkey_answer_take(struct request *rq,
                                                             const struct passkey_answer *answer)
{
	struct db *db = db_as(&rq->task, PG_AUTH);
	const struct passkey_challenge_take_row *row = sql_passkey_challenge_take_rows(
	    db,
	    sql_passkey_challenge_take(db,
	                               (struct bytes){answer->challenge, sizeof(answer->challenge)},
	                               PURPOSES[answer->purpose]),
	    NULL);

	if (row == NULL)
		passkey_refuse(rq, "What the passkey has signed is used, has expired or was asked "
		                   "for something else.");
	assert((row->session_id == NULL) == (answer->purpose == PASSKEY_SIGN_IN));
	if (row->session_id != NULL && !uuid_equal(*row->session_id, rq->task.actor.session_id))
		passkey_refuse(rq, "The passkey was asked by another session.");
	return row;
}

bool passkey_answer_is_signed(struct arena *arena, const struct passkey_answer *answer,
                              struct bytes public_key)
{
	size_t length = answer->raw.length + WEBAUTHN_HASH_BYTES;
	uint8_t *message = arena_alloc(arena, length);
	struct public_key key;

	assert(answer->purpose != PASSKEY_REGISTRATION);
	if (!webauthn_key_read(public_key.data, public_key.length, &key))
		return false;
	memcpy(message, answer->raw.bytes, answer->raw.length);
	crypto_hash_sha256(message + answer->raw.length, answer->client_data.bytes,
	                   answer->client_data.length);
	bool good = public_key_verify(&key, message, length, answer->signature.bytes,
	                              answer->signature.length, false);

	EVP_PKEY_free(key.pkey);
	return good;
}
