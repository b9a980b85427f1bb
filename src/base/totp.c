#include "base/totp.h"

#include <assert.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "base/binary.h"

enum { SHA1_BYTES = 20, CODES = 1000000 };

_Static_assert(TOTP_SECRET_BYTES * 8 == TOTP_SECRET_LENGTH * 5, "base32 without padding");

uint32_t totp_number(const uint8_t secret[TOTP_SECRET_BYTES], int64_t step)
{
	uint8_t counter[sizeof(step)], hash[SHA1_BYTES];
	unsigned length = 0;

	assert(step >= 0);
	binary_put_int64(counter, step);
	if (HMAC(EVP_sha1(), secret, TOTP_SECRET_BYTES, counter, sizeof(counter), hash, &length) ==
	    NULL)
		assert(!"libcrypto has SHA-1");
	assert(length == sizeof(hash));
	const uint8_t *at = hash + (hash[SHA1_BYTES - 1] & 0x0f);

	return (uint32_t)(at[0] & 0x7f) << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 |
	       at[3];
}

int64_t totp_find(const uint8_t secret[TOTP_SECRET_BYTES], const char code[TOTP_DIGITS + 1],
                  int64_t now_s, int64_t used)
{
	int64_t now = now_s / TOTP_STEP_S, found = -1;

	assert(strlen(code) == TOTP_DIGITS && now >= TOTP_DRIFT);
	for (int64_t step = now - TOTP_DRIFT; step <= now + TOTP_DRIFT; step++) {
		char other[TOTP_DIGITS + 1];

		snprintf(other, sizeof(other), "%06u",
		         (unsigned)(totp_number(secret, step) % CODES));
		bool is = sodium_memcmp(code, other, TOTP_DIGITS) == 0;

		if (is && step > used && found < 0)
			found = step;
	}
	return found;
}

void totp_secret_format(const uint8_t secret[TOTP_SECRET_BYTES], char ret[TOTP_SECRET_LENGTH + 1])
{
	static const char LETTERS[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

	for (size_t i = 0; i < TOTP_SECRET_LENGTH; i++) {
		size_t bit = 5 * i, byte = bit / 8, shift = bit % 8;
		unsigned two = (unsigned)secret[byte] << 8;

		if (byte + 1 < TOTP_SECRET_BYTES)
			two |= secret[byte + 1];
		ret[i] = LETTERS[two >> (11 - shift) & 31];
	}
	ret[TOTP_SECRET_LENGTH] = 0;
}
