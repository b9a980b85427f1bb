/*
 * p256: keys on the curve P-256, which ES256 signs with (base/jwt.h) and Web Push agrees on secrets
 * with (base/web_push.h). Points are uncompressed: 4, x, y.
 */
#ifndef SEBEZ_BASE_P256_H
#define SEBEZ_BASE_P256_H

#include <openssl/evp.h>
#include <stdbool.h>
#include <stdint.h>

enum { P256_SECRET_BYTES = 32, P256_POINT_BYTES = 65 };

/* The caller frees keys with EVP_PKEY_free. NULL: no memory. */
EVP_PKEY *p256_new(void);
/* NULL: the secret is not a number of the curve, or no memory. */
EVP_PKEY *p256_from_secret(const uint8_t secret[P256_SECRET_BYTES]);
/* A public key; curve: any key on it. NULL: the point is not on the curve, or
 * not of this form, or no memory. */
EVP_PKEY *p256_from_point(const EVP_PKEY *curve, const uint8_t point[P256_POINT_BYTES]);

bool p256_is(const EVP_PKEY *key); /* it is on this curve */
bool p256_point(EVP_PKEY *key, uint8_t ret[P256_POINT_BYTES]);

#endif
