/*
 * hash: 64-bit hashes for tables in memory; never stored, never for secrets.
 *
 * Keys from outside (cache keys, addresses) use hash_keyed with a random key of the process, so
 * that an attacker cannot target one bucket. Our own keys (names of statements, routes) use
 * hash_plain.
 */
#ifndef SEBEZ_BASE_HASH_H
#define SEBEZ_BASE_HASH_H

#include <sodium.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { HASH_KEY_BYTES = crypto_shorthash_KEYBYTES };

static inline uint64_t hash_keyed(const uint8_t key[HASH_KEY_BYTES], const void *bytes,
                                  size_t count) /* SipHash-2-4 */
{
	uint8_t hash[crypto_shorthash_BYTES];
	uint64_t value;

	_Static_assert(sizeof(hash) == sizeof(value), "the hash has 64 bits");
	crypto_shorthash(hash, bytes, count, key);
	memcpy(&value, hash, sizeof(value));
	return value;
}

static inline uint64_t hash_plain(const void *bytes, size_t count) /* FNV-1a */
{
	const uint8_t *next = bytes;
	uint64_t value = UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0; i < count; i++)
		value = (value ^ next[i]) * UINT64_C(0x100000001b3);
	return value;
}

#endif
