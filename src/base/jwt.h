/*
 * jwt: JSON Web Tokens that we sign (RFC 7515, 7518), by which services know us: RS256 with an RSA
 * key, ES256 with one on P-256. Signing is pure computation: 30 µs with ES256, a millisecond with
 * RS256.
 */
#ifndef SEBEZ_BASE_JWT_H
#define SEBEZ_BASE_JWT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/p256.h"

enum {
	/* NIST asks for the former until 2030; the latter signs in 6 ms. */
	JWT_RSA_BITS_MIN = 2048,
	JWT_RSA_BITS_MAX = 4096,
	JWT_PEM_BYTES_MAX = 16 * 1024,
};

/* A private key, owned by whoever made it. */
struct jwt_key;

/* PEM that is not encrypted: PKCS #8 or the older forms of RSA and EC. NULL: *ret_error says why,
 * without the key. */
struct jwt_key *jwt_key_from_pem(const char *pem, size_t length, const char **ret_error);
/* The secret number of a key on P-256, the form in which VAPID keys are kept. NULL: it is none, or
 * no memory. */
struct jwt_key *jwt_key_from_secret(const uint8_t secret[P256_SECRET_BYTES]);
void jwt_key_free(struct jwt_key *key); /* NULL is fine */

const char *jwt_key_algorithm(const struct jwt_key *key); /* RS256 or ES256 */
/* The public point of a key on P-256; false for RSA. */
bool jwt_key_point(const struct jwt_key *key, uint8_t ret[P256_POINT_BYTES]);

/* A token: {"alg":…,"typ":"JWT"[,"kid":…]} and the claims, which are JSON. key_id: NULL for none.
 * NULL: no memory. */
const char *jwt_sign(struct arena *arena, const struct jwt_key *key, const char *key_id,
                     const char *claims);
/* The same of any header, whose alg must be the key's. */
const char *jwt_sign_text(struct arena *arena, const struct jwt_key *key, const char *header,
                          const char *payload);

#endif
