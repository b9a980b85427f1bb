#include "base/webauthn.h"

#include <assert.h>
#include <string.h>

#include "base/binary.h"
#include "base/strict_cbor.h"

enum {
	FLAGS_AT = WEBAUTHN_HASH_BYTES,
	COUNT_AT = FLAGS_AT + 1,
	HEAD_BYTES = COUNT_AT + 4,
	MODEL_BYTES = 16, /* of the authenticator; anybody may name any */

	IS_PRESENT = 1 << 0,
	IS_VERIFIED = 1 << 2,
	MAY_BE_COPIED = 1 << 3,
	IS_COPIED = 1 << 4,
	HAS_CREDENTIAL = 1 << 6,
	HAS_EXTENSIONS = 1 << 7,

	/* Members of a COSE key, and their values. */
	KEY_TYPE = 1,
	KEY_ALGORITHM = 3,
	KEY_CURVE = -1, /* of RSA: the modulus */
	KEY_X = -2,     /* of RSA: the exponent */
	KEY_Y = -3,
	TYPE_OKP = 1,
	TYPE_EC2 = 2,
	TYPE_RSA = 3,
	CURVE_P256 = 1,
	CURVE_ED25519 = 6,
};

const int WEBAUTHN_ALGORITHMS[PUBLIC_KEY_ALGORITHMS] = {
    [PUBLIC_KEY_ES256] = -7, [PUBLIC_KEY_RS256] = -257, [PUBLIC_KEY_EDDSA] = -8};

/* What may be in a key: a number or bytes under each label. */
struct members {
	int64_t type, algorithm, curve;
	struct webauthn_piece modulus, x, y; /* modulus: under the label of the curve */
};

static bool take_number(const struct strict_cbor_item *item, int64_t *number)
{
	bool is_first = *number == 0;

	if (item->kind != STRICT_CBOR_INTEGER || !is_first)
		return false;
	*number = item->integer;
	return *number != 0;
}

static bool take_bytes(const struct strict_cbor_item *item, struct webauthn_piece *piece)
{
	bool is_first = piece->bytes == NULL;

	if (item->kind != STRICT_CBOR_BYTES || !is_first)
		return false;
	*piece = (struct webauthn_piece){item->bytes, item->length};
	return true;
}

static bool take(struct members *members, int64_t label, const struct strict_cbor_item *item)
{
	switch (label) {
	case KEY_TYPE:
		return take_number(item, &members->type);
	case KEY_ALGORITHM:
		return take_number(item, &members->algorithm);
	case KEY_CURVE:
		return item->kind == STRICT_CBOR_BYTES ? take_bytes(item, &members->modulus)
		                                       : take_number(item, &members->curve);
	case KEY_X:
		return take_bytes(item, &members->x);
	case KEY_Y:
		return take_bytes(item, &members->y);
	default:
		return false; /* a key has nothing else */
	}
}

static bool make_key(const struct members *members, struct public_key *ret)
{
	const struct webauthn_piece *x = &members->x, *y = &members->y, *n = &members->modulus;

	if (members->algorithm == WEBAUTHN_ALGORITHMS[PUBLIC_KEY_ES256])
		return members->type == TYPE_EC2 && members->curve == CURVE_P256 &&
		       n->bytes == NULL && x->length == PUBLIC_KEY_COORDINATE_BYTES &&
		       y->length == PUBLIC_KEY_COORDINATE_BYTES &&
		       public_key_p256(x->bytes, y->bytes, ret);
	if (members->algorithm == WEBAUTHN_ALGORITHMS[PUBLIC_KEY_EDDSA])
		return members->type == TYPE_OKP && members->curve == CURVE_ED25519 &&
		       n->bytes == NULL && y->bytes == NULL &&
		       x->length == PUBLIC_KEY_ED25519_BYTES && public_key_ed25519(x->bytes, ret);
	if (members->algorithm == WEBAUTHN_ALGORITHMS[PUBLIC_KEY_RS256])
		return members->type == TYPE_RSA && members->curve == 0 && y->bytes == NULL &&
		       n->bytes != NULL && x->bytes != NULL &&
		       public_key_rsa(n->bytes, n->length, x->bytes, x->length, ret);
	return false;
}

bool webauthn_key_read(const uint8_t *bytes, size_t length, struct public_key *ret)
{
	struct strict_cbor cbor = {bytes, length};
	struct members members = {0};
	struct strict_cbor_item map, label, value;

	if (!strict_cbor_expect(&cbor, STRICT_CBOR_MAP, &map))
		return false;
	for (size_t i = 0; i < map.length; i++)
		if (!strict_cbor_expect(&cbor, STRICT_CBOR_INTEGER, &label) ||
		    !strict_cbor_read(&cbor, &value) || !take(&members, label.integer, &value))
			return false;
	return cbor.left == 0 && make_key(&members, ret);
}

/* The id and the key of a new passkey. */
static bool read_credential(struct strict_cbor *rest, struct webauthn_data *ret)
{
	if (rest->left < MODEL_BYTES + 2)
		return false;
	const uint8_t *at = rest->at + MODEL_BYTES;
	size_t length = (size_t)at[0] << 8 | at[1];

	if (length == 0 || length > WEBAUTHN_CREDENTIAL_BYTES_MAX ||
	    rest->left < MODEL_BYTES + 2 + length)
		return false;
	ret->credential_id = (struct webauthn_piece){at + 2, length};
	*rest = (struct strict_cbor){at + 2 + length, rest->left - MODEL_BYTES - 2 - length};
	ret->key.bytes = rest->at;
	if (!strict_cbor_skip(rest))
		return false;
	ret->key.length = (size_t)(rest->at - ret->key.bytes);
	return true;
}

bool webauthn_data_read(const uint8_t *bytes, size_t length, struct webauthn_data *ret)
{
	struct webauthn_data data = {.site = bytes};
	struct strict_cbor_item extensions;

	if (length < HEAD_BYTES)
		return false;
	struct strict_cbor rest = {bytes + HEAD_BYTES, length - HEAD_BYTES};
	uint8_t flags = bytes[FLAGS_AT];

	data.is_present = (flags & IS_PRESENT) != 0;
	data.is_verified = (flags & IS_VERIFIED) != 0;
	data.count = (uint32_t)binary_int32(bytes + COUNT_AT);
	if ((flags & IS_COPIED) != 0 && (flags & MAY_BE_COPIED) == 0)
		return false; /* the standard excludes it */
	if ((flags & HAS_CREDENTIAL) != 0 && !read_credential(&rest, &data))
		return false;
	if ((flags & HAS_EXTENSIONS) != 0) {
		struct strict_cbor look = rest;

		if (!strict_cbor_expect(&look, STRICT_CBOR_MAP, &extensions) ||
		    !strict_cbor_skip(&rest))
			return false;
	}
	if (rest.left != 0)
		return false;
	*ret = data;
	return true;
}

static bool is_text(const struct strict_cbor_item *item, const char *text)
{
	return item->length == strlen(text) && memcmp(item->bytes, text, item->length) == 0;
}

bool webauthn_attestation_read(const uint8_t *bytes, size_t length, struct webauthn_piece *ret)
{
	struct strict_cbor cbor = {bytes, length};
	struct strict_cbor_item map, key, value, data = {.bytes = NULL};

	if (!strict_cbor_expect(&cbor, STRICT_CBOR_MAP, &map))
		return false;
	for (size_t i = 0; i < map.length; i++) {
		if (!strict_cbor_expect(&cbor, STRICT_CBOR_TEXT, &key))
			return false;
		if (!is_text(&key, "authData")) {
			if (!strict_cbor_skip(&cbor))
				return false; /* the statement: whoever makes authenticators */
			continue;
		}
		if (data.bytes != NULL || !strict_cbor_expect(&cbor, STRICT_CBOR_BYTES, &value))
			return false;
		data = value;
	}
	if (data.bytes == NULL || cbor.left != 0)
		return false;
	*ret = (struct webauthn_piece){data.bytes, data.length};
	return true;
}
