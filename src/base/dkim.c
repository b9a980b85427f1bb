#include "base/dkim.h"

#include <assert.h>
#include <ctype.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <sodium.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "base/pem.h"

enum { PEM_BYTES_MAX = 16 * 1024, RSA_BITS_MIN = 1024, RSA_BITS_MAX = 4096 };

struct dkim_key {
	EVP_PKEY *pkey;
	bool is_rsa;
};

/* What a reader sees, and what it acts on (RFC 6376 §5.4.1). */
static const char *const SIGNED[] = {
    "From",         "To",           "Reply-To",         "Subject",
    "Date",         "Message-ID",   "List-Unsubscribe", "List-Unsubscribe-Post",
    "MIME-Version", "Content-Type",
};

/* Keys. */

static bool is_usable(EVP_PKEY *pkey)
{
	int bits = EVP_PKEY_get_bits(pkey);

	return EVP_PKEY_is_a(pkey, "ED25519") == 1 ||
	       (EVP_PKEY_is_a(pkey, "RSA") == 1 && bits >= RSA_BITS_MIN && bits <= RSA_BITS_MAX);
}

struct dkim_key *dkim_key_from_pem(const char *pem, size_t length, const char **ret_error)
{
	struct dkim_key *key = NULL;

	*ret_error = "the key is not PEM, or encrypted";
	if (length > PEM_BYTES_MAX)
		return NULL;
	EVP_PKEY *pkey = pem_private_key(pem, length);

	if (pkey != NULL) {
		*ret_error = "the key must be Ed25519, or RSA with 1024 to 4096 bits";
		key = is_usable(pkey) ? calloc(1, sizeof(*key)) : NULL;
	}
	if (key == NULL) {
		EVP_PKEY_free(pkey);
		return NULL;
	}
	*key = (struct dkim_key){.pkey = pkey, .is_rsa = EVP_PKEY_is_a(pkey, "RSA") == 1};
	return key;
}

void dkim_key_free(struct dkim_key *key)
{
	if (key != NULL)
		EVP_PKEY_free(key->pkey);
	free(key);
}

static const char *base64(struct arena *arena, const unsigned char *bytes, size_t count)
{
	size_t size = sodium_base64_ENCODED_LEN(count, sodium_base64_VARIANT_ORIGINAL);
	char *text = arena_alloc(arena, size);

	return sodium_bin2base64(text, size, bytes, count, sodium_base64_VARIANT_ORIGINAL);
}

const char *dkim_record(struct arena *arena, const struct dkim_key *key)
{
	unsigned char raw[crypto_sign_PUBLICKEYBYTES], *der = NULL;
	size_t raw_length = sizeof(raw);
	const char *text = NULL;

	if (!key->is_rsa) {
		if (EVP_PKEY_get_raw_public_key(key->pkey, raw, &raw_length) == 1)
			text = base64(arena, raw, raw_length);
	} else {
		int length = i2d_PUBKEY(key->pkey, &der);

		if (length > 0)
			text = base64(arena, der, (size_t)length);
		OPENSSL_free(der);
	}
	return text == NULL ? NULL
	                    : arena_printf(arena, "v=DKIM1; k=%s; p=%s",
	                                   key->is_rsa ? "rsa" : "ed25519", text);
}

/* Canonical forms (RFC 6376 §3.4). */

/* Adds a line with runs of blanks reduced to one and none at its end. */
static void add_relaxed(struct buf *out, const char *line, const char *end)
{
	bool blank = false;

	for (; line < end; line++) {
		if (*line == ' ' || *line == '\t' || *line == '\r' || *line == '\n') {
			blank = true;
			continue;
		}
		if (blank)
			buf_add_char(out, ' ');
		blank = false;
		buf_add_char(out, *line);
	}
}

/* Lines with CR LF, without the empty ones at the end. */
static void relax_body(struct buf *out, const char *body, const char *end)
{
	size_t empty = 0;

	while (body < end) {
		const char *line_end = memchr(body, '\n', (size_t)(end - body));
		size_t before;

		line_end = line_end == NULL ? end : line_end;
		for (const char *at = body; at < line_end; at++) {
			if (*at == ' ' || *at == '\t' || *at == '\r')
				continue;
			for (; empty > 0; empty--)
				buf_add_str(out, "\r\n");
			break;
		}
		before = out->length;
		add_relaxed(out, body, line_end);
		if (out->length > before)
			buf_add_str(out, "\r\n");
		else
			empty++;
		body = line_end + 1;
	}
}

/* The first header of that name, with the lines that continue it. NULL: none. */
static const char *find_header(const char *mail, const char *name, const char **ret_end)
{
	size_t length = strlen(name);

	for (const char *at = mail; at[0] != '\r' && at[0] != '\n' && at[0] != 0;) {
		const char *end = strstr(at, "\r\n");

		assert(end != NULL); /* the lines of a mail end so */
		while (end[2] == ' ' || end[2] == '\t') {
			end = strstr(end + 2, "\r\n");
			assert(end != NULL);
		}
		if (strncasecmp(at, name, length) == 0 && at[length] == ':') {
			*ret_end = end;
			return at;
		}
		at = end + 2;
	}
	return NULL;
}

static void relax_header(struct buf *out, const char *name, const char *value, const char *end)
{
	for (; *name != 0; name++)
		buf_add_char(out, (char)tolower((unsigned char)*name));
	buf_add_char(out, ':');
	while (value < end && isspace((unsigned char)*value))
		value++;
	add_relaxed(out, value, end);
}

/* Signing. */

static const char *hash_of_body(struct arena *arena, const char *mail, size_t length)
{
	const char *blank = strstr(mail, "\r\n\r\n");
	struct buf body = buf_new(arena, length + 16);
	unsigned char hash[crypto_hash_sha256_BYTES];

	assert(blank != NULL); /* it ends the headers */
	relax_body(&body, blank + 4, mail + length);
	crypto_hash_sha256(hash, (const unsigned char *)body.data, body.length);
	return base64(arena, hash, sizeof(hash));
}

/* Ed25519 signs the hash, RSA what is hashed (RFC 8463 §3). */
static const char *sign(struct arena *arena, const struct dkim_key *key, const struct buf *data)
{
	unsigned char hash[crypto_hash_sha256_BYTES], signature[RSA_BITS_MAX / 8];
	const unsigned char *bytes = (const unsigned char *)data->data;
	size_t length = sizeof(signature);
	EVP_MD_CTX *context = EVP_MD_CTX_new();

	crypto_hash_sha256(hash, bytes, data->length);
	bool good = context != NULL &&
	            EVP_DigestSignInit(context, NULL, key->is_rsa ? EVP_sha256() : NULL, NULL,
	                               key->pkey) == 1 &&
	            EVP_DigestSign(context, signature, &length, key->is_rsa ? bytes : hash,
	                           key->is_rsa ? data->length : sizeof(hash)) == 1;

	EVP_MD_CTX_free(context);
	ERR_clear_error();
	return good ? base64(arena, signature, length) : NULL;
}

const char *dkim_sign(struct arena *arena, const struct dkim_key *key, const char *domain,
                      const char *selector, int64_t time_s, const char *mail, size_t length)
{
	struct buf header = buf_new(arena, 1024), data = buf_new(arena, 2048);
	const char *end, *signature, *names = "";

	assert(strlen(mail) == length);
	for (size_t i = 0; i < sizeof(SIGNED) / sizeof(SIGNED[0]); i++) {
		const char *at = find_header(mail, SIGNED[i], &end);

		if (at == NULL)
			continue;
		relax_header(&data, SIGNED[i], at + strlen(SIGNED[i]) + 1, end);
		buf_add_str(&data, "\r\n");
		names = arena_printf(arena, "%s%s%s", names, names[0] != 0 ? ":" : "", SIGNED[i]);
	}
	buf_printf(&header,
	           "v=1; a=%s-sha256; c=relaxed/relaxed; d=%s;\r\n s=%s; t=%lld;\r\n h=%s;\r\n"
	           " bh=%s;\r\n b=",
	           key->is_rsa ? "rsa" : "ed25519", domain, selector, (long long)time_s, names,
	           hash_of_body(arena, mail, length));
	relax_header(&data, "DKIM-Signature", header.data, header.data + header.length);
	signature = sign(arena, key, &data);
	if (signature == NULL)
		return NULL;
	for (; strlen(signature) > 72; signature += 72)
		buf_printf(&header, "%.72s\r\n ", signature);
	return arena_printf(arena, "DKIM-Signature: %s%s\r\n", header.data, signature);
}
