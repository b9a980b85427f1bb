/* Any bytes as a token of an identity provider, and as its document of keys: whatever they say,
 * nothing is signed but what was, and what is read has what it must have. */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "base/jwt.h"
#include "shop/accounts/id_token.h"

enum { ARENA_BYTES = 1024 * 1024 };

/* Scalar 1 is a key of P-256, whose point is the generator. */
static const uint8_t SECRET[P256_SECRET_BYTES] = {[P256_SECRET_BYTES - 1] = 1};

static const char HEADER[] = "{\"alg\":\"ES256\",\"typ\":\"JWT\",\"kid\":\"1\"}";
static const char CLAIMS[] =
    "{\"iss\":\"https://accounts.google.com\",\"aud\":\"app\",\"sub\":\"1\",\"iat\":1,\"exp\":2}";

static struct public_key public_of(const struct jwt_key *key)
{
	struct public_key made;
	uint8_t point[P256_POINT_BYTES];

	if (!jwt_key_point(key, point) ||
	    !public_key_p256(point + 1, point + 1 + PUBLIC_KEY_COORDINATE_BYTES, &made))
		abort();
	return made;
}

static void look_at_token(struct arena *arena, const char *text, const struct public_key *key,
                          bool is_signed)
{
	const char *error = NULL;
	struct id_token token;

	if (!id_token_read(arena, text, &token, &error)) {
		if (error == NULL || is_signed)
			abort();
		return;
	}
	if (token.subject[0] == 0 || token.issuer[0] == 0 || token.audience[0] == 0 ||
	    token.key_id[0] == 0 || token.nonce == NULL || token.email == NULL)
		abort();
	if (id_token_is_signed(&token, key) != is_signed)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new(ARENA_BYTES, NULL, NULL);
	struct jwt_key *secret = jwt_key_from_secret(SECRET);
	struct public_key key = public_of(secret);
	const char *good = jwt_sign_text(arena, secret, HEADER, CLAIMS);
	char *text = arena_strndup(arena, (const char *)data, size);
	struct jwks keys;

	look_at_token(arena, good, &key, true);
	look_at_token(arena, text, &key, strcmp(text, good) == 0);
	char *changed = arena_strdup(arena, good);

	for (size_t i = 0; i + 1 < size; i += 2)
		changed[data[i] % strlen(good)] = (char)data[i + 1];
	look_at_token(arena, changed, &key, strcmp(changed, good) == 0);
	if (jwks_read(arena, (const char *)data, size, &keys)) {
		if (keys.count == 0 || keys.count > LIMIT_JWKS ||
		    jwks_find(&keys, keys.keys[0].id) == NULL)
			abort();
		jwks_free(&keys);
	}
	EVP_PKEY_free(key.pkey);
	jwt_key_free(secret);
	arena_free(arena);
	return 0;
}
