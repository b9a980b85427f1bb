/*
 * unit: what every unit test starts with: cmocka, and random numbers that can be had again.
 * A run prints its seed; SEBEZ_TEST_SEED=... repeats it.
 */
#ifndef SEBEZ_TESTS_UNIT_H
#define SEBEZ_TESTS_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

static uint64_t random_state;

static inline void random_begin(void)
{
	const char *seed = getenv("SEBEZ_TEST_SEED");

	if (seed != NULL)
		random_state = strtoull(seed, NULL, 10);
	else
		randombytes_buf(&random_state, sizeof(random_state));
	printf("SEBEZ_TEST_SEED=%llu\n", (unsigned long long)random_state);
}

static inline uint64_t random_u64(void) /* splitmix64 */
{
	uint64_t z = random_state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

static inline int64_t random_between(int64_t least, int64_t most)
{
	return least + (int64_t)(random_u64() % ((uint64_t)most - (uint64_t)least + 1));
}

#endif
