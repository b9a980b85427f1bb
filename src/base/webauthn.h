/*
 * webauthn: what authenticators of passkeys sign (WebAuthn level 3): their data, public keys in
 * COSE's form (RFC 9052), and attestation objects, whose statement is passed over. Pure.
 */
#ifndef SEBEZ_BASE_WEBAUTHN_H
#define SEBEZ_BASE_WEBAUTHN_H

#include "base/public_key.h"

enum {
	WEBAUTHN_HASH_BYTES = 32,
	WEBAUTHN_CREDENTIAL_BYTES_MAX = 1023, /* of an id, as the standard says */
};

/* The algorithms as COSE numbers them, in the order of enum public_key_algorithm. */
extern const int WEBAUTHN_ALGORITHMS[PUBLIC_KEY_ALGORITHMS];

struct webauthn_piece { /* points into what was read */
	const uint8_t *bytes;
	size_t length;
};

struct webauthn_data {
	const uint8_t *site; /* WEBAUTHN_HASH_BYTES: the SHA-256 of the id of the site it is for */
	bool is_present;     /* somebody touched it */
	bool is_verified;    /* and showed who they are: a PIN, a finger, a face */
	uint32_t count;      /* of its signatures; 0: it does not count */
	struct webauthn_piece credential_id; /* of a new passkey; else empty */
	struct webauthn_piece key;           /* in COSE's form, likewise */
};

/* Authenticator data, whole. False: it is malformed. */
bool webauthn_data_read(const uint8_t *bytes, size_t length, struct webauthn_data *ret);
/* The authenticator data in an attestation object. False: it is malformed. */
bool webauthn_attestation_read(const uint8_t *bytes, size_t length, struct webauthn_piece *ret);
/* A public key of one of the three algorithms, which is all that the bytes are. False: it is none;
 * *ret is unchanged. */
bool webauthn_key_read(const uint8_t *bytes, size_t length, struct public_key *ret);

#endif
