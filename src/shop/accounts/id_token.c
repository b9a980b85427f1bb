#include "shop/accounts/id_token.h"

#include <assert.h>
#include <jansson.h>
#include <string.h>
#include <strings.h>

#include "base/codec.h"
#include "web/json_parse.h"

enum {
	SUBJECT_BYTES = 255, /* as OpenID Connect says */
	SIGNATURE_BYTES = PUBLIC_KEY_RSA_BITS_MAX / 8,
};

/* Algorithms that a token may name, by those of keys. EdDSA is none that a provider uses. */
static const char *const NAMES[PUBLIC_KEY_ALGORITHMS] = {
    [PUBLIC_KEY_ES256] = "ES256",
    [PUBLIC_KEY_RS256] = "RS256",
};

static void free_json(void *json)
{
	json_decref(json);
}

/* An object, which is freed with the arena; NULL. Its texts have no NUL. */
static json_t *parse(struct arena *arena, const char *text, size_t length)
{
	json_t *json = NULL;

	if (json_depth_is_fine(text, length))
		json = json_loadb(text, length, JSON_REJECT_DUPLICATES, NULL);
	if (json == NULL)
		return NULL;
	arena_defer(arena, free_json, json);
	return json_is_object(json) ? json : NULL;
}

/* "": it is absent, or no text. */
static const char *text_of(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	return text != NULL ? text : "";
}

/* The bytes of base64url from `text` on, of `length` characters; NULL. */
static uint8_t *decode(struct arena *arena, const char *text, size_t length, size_t *ret_length)
{
	size_t size = length * 3 / 4 + 1;
	uint8_t *bytes = arena_alloc(arena, size);

	if (!base64url_decode_most(arena_strndup(arena, text, length), bytes, size, ret_length))
		return NULL;
	assert(*ret_length <= size);
	return bytes;
}

static json_t *parse_part(struct arena *arena, const char *text, size_t length)
{
	size_t count;
	const uint8_t *bytes = decode(arena, text, length, &count);

	return bytes != NULL ? parse(arena, (const char *)bytes, count) : NULL;
}

static bool read_header(const json_t *header, struct id_token *ret)
{
	const char *algorithm = text_of(header, "alg"), *type = text_of(header, "typ");

	ret->key_id = text_of(header, "kid");
	if (json_object_get(header, "crit") != NULL ||
	    (type[0] != 0 && strcasecmp(type, "JWT") != 0))
		return false;
	for (int i = 0; i < PUBLIC_KEY_ALGORITHMS; i++)
		if (NAMES[i] != NULL && strcmp(algorithm, NAMES[i]) == 0) {
			ret->algorithm = (enum public_key_algorithm)i;
			return ret->key_id[0] != 0 && strlen(ret->key_id) <= JWK_ID_BYTES;
		}
	return false;
}

/* Of one app: a text, or a list of one. */
static const char *audience_of(const json_t *claims)
{
	const json_t *audience = json_object_get(claims, "aud");

	if (json_is_array(audience) && json_array_size(audience) == 1)
		audience = json_array_get(audience, 0);
	return json_is_string(audience) ? json_string_value(audience) : "";
}

static bool is_true(const json_t *value)
{
	const char *text = json_string_value(value); /* as Apple writes it */

	return json_is_true(value) || (text != NULL && strcmp(text, "true") == 0);
}

static bool read_claims(const json_t *claims, struct id_token *ret)
{
	const json_t *issued = json_object_get(claims, "iat"),
	             *ends = json_object_get(claims, "exp");

	if (!json_is_integer(issued) || !json_is_integer(ends))
		return false;
	ret->issued_s = json_integer_value(issued);
	ret->expires_s = json_integer_value(ends);
	ret->issuer = text_of(claims, "iss");
	ret->audience = audience_of(claims);
	ret->subject = text_of(claims, "sub");
	ret->nonce = text_of(claims, "nonce");
	ret->email = text_of(claims, "email");
	ret->name = text_of(claims, "name");
	ret->hosted_domain = text_of(claims, "hd");
	ret->email_is_verified = is_true(json_object_get(claims, "email_verified"));
	return ret->subject[0] != 0 && strlen(ret->subject) <= SUBJECT_BYTES &&
	       ret->issuer[0] != 0 && ret->audience[0] != 0;
}

bool id_token_read(struct arena *arena, const char *text, struct id_token *ret,
                   const char **ret_error)
{
	const char *claims = strchr(text, '.');
	const char *signature = claims != NULL ? strchr(claims + 1, '.') : NULL;

	*ret = (struct id_token){0};
	*ret_error = "The token is not a signed JWT of three parts, of 8 KB at most.";
	if (signature == NULL || strchr(signature + 1, '.') != NULL ||
	    strlen(text) > LIMIT_ID_TOKEN_BYTES)
		return false;
	const json_t *header = parse_part(arena, text, (size_t)(claims - text));
	const json_t *body = parse_part(arena, claims + 1, (size_t)(signature - claims - 1));

	ret->signed_text = text;
	ret->signed_length = (size_t)(signature - text);
	ret->signature =
	    decode(arena, signature + 1, strlen(signature + 1), &ret->signature_length);
	if (header == NULL || body == NULL || ret->signature == NULL)
		return false;
	*ret_error = "The token must name a key and be signed by RS256 or ES256.";
	if (!read_header(header, ret) || ret->signature_length == 0 ||
	    ret->signature_length > SIGNATURE_BYTES)
		return false;
	*ret_error = "The token must have iss, aud (one), sub, iat and exp.";
	return read_claims(body, ret);
}

bool id_token_is_signed(const struct id_token *token, const struct public_key *key)
{
	return token->algorithm == key->algorithm &&
	       public_key_verify(key, (const uint8_t *)token->signed_text, token->signed_length,
	                         token->signature, token->signature_length, true);
}

static bool read_rsa(struct arena *arena, const json_t *json, struct public_key *ret)
{
	const char *modulus = text_of(json, "n"), *exponent = text_of(json, "e");
	size_t n_length, e_length;
	const uint8_t *n = decode(arena, modulus, strlen(modulus), &n_length);
	const uint8_t *e = decode(arena, exponent, strlen(exponent), &e_length);

	return n != NULL && e != NULL && public_key_rsa(n, n_length, e, e_length, ret);
}

static bool read_p256(const json_t *json, struct public_key *ret)
{
	uint8_t x[PUBLIC_KEY_COORDINATE_BYTES], y[PUBLIC_KEY_COORDINATE_BYTES];

	return strcmp(text_of(json, "crv"), "P-256") == 0 &&
	       base64url_decode(text_of(json, "x"), x, sizeof(x)) &&
	       base64url_decode(text_of(json, "y"), y, sizeof(y)) && public_key_p256(x, y, ret);
}

static bool read_key(struct arena *arena, const json_t *json, struct jwk *ret)
{
	const char *type = text_of(json, "kty"), *use = text_of(json, "use");
	const char *algorithm = text_of(json, "alg"), *id = text_of(json, "kid");

	if (id[0] == 0 || strlen(id) > JWK_ID_BYTES || (use[0] != 0 && strcmp(use, "sig") != 0))
		return false;
	struct public_key key;

	if (!(strcmp(type, "RSA") == 0 && read_rsa(arena, json, &key)) &&
	    !(strcmp(type, "EC") == 0 && read_p256(json, &key)))
		return false;
	assert(NAMES[key.algorithm] != NULL);
	if (algorithm[0] != 0 && strcmp(algorithm, NAMES[key.algorithm]) != 0) {
		EVP_PKEY_free(key.pkey);
		return false;
	}
	memcpy(ret->id, id, strlen(id) + 1);
	ret->key = key;
	return true;
}

bool jwks_read(struct arena *arena, const char *text, size_t length, struct jwks *ret)
{
	const json_t *whole = parse(arena, text, length);
	const json_t *list = json_object_get(whole, "keys");
	struct jwks keys = {.count = 0};

	if (!json_is_array(list) || json_array_size(list) > LIMIT_JWKS)
		return false;
	for (size_t i = 0; i < json_array_size(list); i++)
		keys.count += read_key(arena, json_array_get(list, i), &keys.keys[keys.count]);
	if (keys.count == 0)
		return false;
	*ret = keys;
	return true;
}

void jwks_free(struct jwks *keys)
{
	assert(keys->count <= LIMIT_JWKS);
	for (size_t i = 0; i < keys->count; i++)
		EVP_PKEY_free(keys->keys[i].key.pkey);
	keys->count = 0;
}

const struct public_key *jwks_find(const struct jwks *keys, const char *id)
{
	for (size_t i = 0; i < keys->count; i++)
		if (strcmp(keys->keys[i].id, id) == 0)
			return &keys->keys[i].key;
	return NULL;
}
