/*
 * id_token: tokens by which an identity provider says who somebody is (OpenID Connect), as JWS in
 * its compact form (RFC 7515), and the keys that they are signed with (JWK Set, RFC 7517). Pure
 * computation. Private to accounts/.
 *
 * A token names its key and the key's algorithm, RS256 or ES256 and nothing else; it is verified
 * as what the key is, and refused when it names another algorithm. Whatever else a header says of
 * keys (jwk, jku, x5u) is not looked at.
 */
#ifndef SEBEZ_SHOP_ACCOUNTS_ID_TOKEN_H
#define SEBEZ_SHOP_ACCOUNTS_ID_TOKEN_H

#include "base/arena.h"
#include "base/limits.h"
#include "base/public_key.h"

enum { JWK_ID_BYTES = 200 };

struct id_token { /* in the arena */
	enum public_key_algorithm algorithm;
	const char *key_id;
	const char *signed_text;
	size_t signed_length;
	const uint8_t *signature;
	size_t signature_length;
	const char *issuer, *audience, *subject;
	const char *nonce, *email, *name; /* "": none */
	const char *hosted_domain;        /* the organization's that Google serves; "": none */
	bool email_is_verified;
	int64_t issued_s, expires_s;
};

/* False: *ret_error says why. Its signature is not verified yet. */
bool id_token_read(struct arena *arena, const char *text, struct id_token *ret,
                   const char **ret_error) __attribute__((warn_unused_result));

bool id_token_is_signed(const struct id_token *token, const struct public_key *key);

struct jwk {
	char id[JWK_ID_BYTES + 1];
	struct public_key key;
};

struct jwks {
	struct jwk keys[LIMIT_JWKS];
	size_t count;
};

/* The keys of a document that sign tokens; others are left out. False: it is no JWK Set, or it has
 * none or more than LIMIT_JWKS. */
bool jwks_read(struct arena *arena, const char *text, size_t length, struct jwks *ret)
    __attribute__((warn_unused_result));
void jwks_free(struct jwks *keys); /* and empties it */

/* NULL: there is none of that id. */
const struct public_key *jwks_find(const struct jwks *keys, const char *id);

#endif
