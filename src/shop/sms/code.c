/* Codes follow from an id, so that they are kept nowhere. */
#include <assert.h>
#include <sodium.h>
#include <stdio.h>

#include "shop/sms/sms.h"

enum { CODES = 1000 * 1000 };

_Static_assert(crypto_generichash_KEYBYTES == SMS_KEY_BYTES, "keys of BLAKE2b");

void sms_code(struct uuid id, size_t key, char ret[SMS_CODE_DIGITS + 1])
{
	const struct sms_settings *settings = sms_settings();
	uint8_t hash[crypto_generichash_BYTES_MIN];
	uint64_t number = 0;

	assert(key < settings->key_count);
	crypto_generichash(hash, sizeof(hash), id.bytes, sizeof(id.bytes), settings->keys[key],
	                   SMS_KEY_BYTES);
	for (size_t i = 0; i < sizeof(number); i++)
		number = number << 8 | hash[i];
	/* Of 2^64 numbers, so no code is noticeably likelier than another. */
	snprintf(ret, SMS_CODE_DIGITS + 1, "%06u", (unsigned)(number % CODES));
}

bool sms_code_is(struct uuid id, const char code[SMS_CODE_DIGITS + 1])
{
	bool is = false;

	for (size_t key = 0; key < sms_settings()->key_count; key++) {
		char other[SMS_CODE_DIGITS + 1];

		sms_code(id, key, other);
		is |= sodium_memcmp(code, other, SMS_CODE_DIGITS) == 0;
	}
	return is;
}
