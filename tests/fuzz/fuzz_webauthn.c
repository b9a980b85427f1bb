/* Any bytes as an authenticator's data, as an attestation object and as a key: what is accepted
 * lies within them, and what is read twice is the same. */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "base/strict_cbor.h"
#include "base/webauthn.h"

static void expect(bool holds)
{
	if (!holds)
		abort();
}

static bool is_within(struct webauthn_piece piece, const uint8_t *data, size_t size)
{
	return piece.length == 0 ||
	       (piece.bytes >= data && piece.length <= size - (size_t)(piece.bytes - data));
}

static void use_key(const uint8_t *data, size_t size)
{
	struct public_key key;

	if (!webauthn_key_read(data, size, &key))
		return;
	expect(!public_key_verify(&key, data, size, data, size, false));
	expect(!public_key_verify(&key, data, size, data, size, true));
	EVP_PKEY_free(key.pkey);
}

static void use_data(const uint8_t *data, size_t size)
{
	struct webauthn_data read;

	if (!webauthn_data_read(data, size, &read))
		return;
	expect(is_within(read.credential_id, data, size) && is_within(read.key, data, size));
	use_key(read.key.bytes, read.key.length);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct strict_cbor cbor = {data, size};
	struct webauthn_piece piece;

	if (strict_cbor_skip(&cbor))
		expect(cbor.at > data && cbor.left < size && cbor.at + cbor.left == data + size);
	use_key(data, size);
	use_data(data, size);
	if (webauthn_attestation_read(data, size, &piece)) {
		expect(is_within(piece, data, size));
		use_data(piece.bytes, piece.length);
	}
	return 0;
}
