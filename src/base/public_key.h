/*
 * public_key: keys of others, and signatures by them: of passkeys (base/webauthn.h), and of whoever
 * signs tokens. The algorithm is the key's, never one that a message names.
 * Pure computation of OpenSSL, some 100 µs for each signature.
 */
#ifndef SEBEZ_BASE_PUBLIC_KEY_H
#define SEBEZ_BASE_PUBLIC_KEY_H

#include <openssl/evp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum public_key_algorithm {
	PUBLIC_KEY_ES256, /* ECDSA on P-256 with SHA-256 */
	PUBLIC_KEY_RS256, /* RSA, PKCS #1 v1.5, SHA-256 */
	PUBLIC_KEY_EDDSA, /* Ed25519 */
	PUBLIC_KEY_ALGORITHMS
};

enum {
	PUBLIC_KEY_COORDINATE_BYTES = 32,
	PUBLIC_KEY_ED25519_BYTES = 32,
	/* As jwt.h; a longer one takes long to verify with. */
	PUBLIC_KEY_RSA_BITS_MIN = 2048,
	PUBLIC_KEY_RSA_BITS_MAX = 4096,
	PUBLIC_KEY_EXPONENT_BYTES_MAX = 4,
};

struct public_key {
	enum public_key_algorithm algorithm;
	EVP_PKEY *pkey; /* of the caller, who frees it with EVP_PKEY_free */
};

/* False: it is no key of the kind, or too short or long, or no memory; *ret is unchanged. */
bool public_key_p256(const uint8_t x[PUBLIC_KEY_COORDINATE_BYTES],
                     const uint8_t y[PUBLIC_KEY_COORDINATE_BYTES], struct public_key *ret);
bool public_key_ed25519(const uint8_t key[PUBLIC_KEY_ED25519_BYTES], struct public_key *ret);
bool public_key_rsa(const uint8_t *modulus, size_t modulus_length, const uint8_t *exponent,
                    size_t exponent_length, struct public_key *ret);

/* Whether it is the signature of the message. An ES256 one is in DER (passkeys), or, when it is
 * flat, r and s one after the other (tokens). */
bool public_key_verify(const struct public_key *key, const uint8_t *message, size_t length,
                       const uint8_t *signature, size_t signature_length, bool is_flat);

#endif
