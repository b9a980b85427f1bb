#include "base/uuid.h"

#include <assert.h>
#include <pthread.h>
#include <sodium.h>
#include <stddef.h>
#include <string.h>

#include "base/clock.h"
#include "base/codec.h"

enum {
	RANDOM_BYTES = 10,  /* per id: 2 for the counter's start, 8 for the tail */
	RANDOM_BATCH = 128, /* ids per call of libsodium, whose random bytes cost a system call */
	COUNTER_MAX = 0xfff,
};

/* The only state of this layer: ids must grow, so the last one is kept. */
static struct {
	int64_t last_ms;
	uint16_t counter;
	size_t left; /* unused random bytes */
	uint8_t random[RANDOM_BYTES * RANDOM_BATCH];
} birth;

/* Otherwise a forked child would use the same random bytes as its parent. */
static void forget_random(void)
{
	birth.left = 0;
}

static const uint8_t *take_random(void)
{
	static bool watches_fork;

	if (!watches_fork) {
		int r = pthread_atfork(NULL, NULL, forget_random);

		assert(r == 0); /* otherwise a child's ids would repeat ours */
		watches_fork = true;
	}
	assert(birth.left % RANDOM_BYTES == 0 && birth.left <= sizeof(birth.random));
	if (birth.left == 0) {
		randombytes_buf(birth.random, sizeof(birth.random));
		birth.left = sizeof(birth.random);
	}
	birth.left -= RANDOM_BYTES;
	return birth.random + birth.left;
}

struct uuid uuid_v7(void)
{
	int64_t now_ms = clock_now_us() / 1000;
	const uint8_t *random = take_random();
	struct uuid id;

	if (now_ms <= birth.last_ms && birth.counter < COUNTER_MAX) {
		birth.counter++;
	} else {
		/* A new millisecond, or the counter overflowed into the next one. */
		birth.last_ms = now_ms > birth.last_ms ? now_ms : birth.last_ms + 1;
		birth.counter = (uint16_t)((random[0] << 8 | random[1]) & (COUNTER_MAX >> 1));
	}
	assert(birth.counter <= COUNTER_MAX);
	assert(birth.last_ms > 0 && birth.last_ms < INT64_C(1) << 48);
	for (int i = 0; i < 6; i++)
		id.bytes[i] = (uint8_t)(birth.last_ms >> (40 - 8 * i));
	id.bytes[6] = (uint8_t)(0x70 | birth.counter >> 8);
	id.bytes[7] = (uint8_t)birth.counter;
	memcpy(id.bytes + 8, random + 2, 8);
	id.bytes[8] = (uint8_t)(0x80 | (id.bytes[8] & 0x3f));
	return id;
}

/* Hyphens follow the bytes 3, 5, 7 and 9. */
static bool hyphen_after(int byte)
{
	return byte >= 3 && byte <= 9 && byte % 2 == 1;
}

void uuid_format(struct uuid id, char ret[UUID_TEXT_LENGTH + 1])
{
	static const char HEX[] = "0123456789abcdef";
	char *next = ret;

	for (int i = 0; i < 16; i++) {
		*next++ = HEX[id.bytes[i] >> 4];
		*next++ = HEX[id.bytes[i] & 15];
		if (hyphen_after(i))
			*next++ = '-';
	}
	assert(next == ret + UUID_TEXT_LENGTH);
	*next = 0;
}

bool uuid_parse(const char *text, struct uuid *ret)
{
	struct uuid id;
	const char *next = text;

	for (int i = 0; i < 16; i++) {
		int high = hex_digit(next[0]);
		int low = high < 0 ? -1 : hex_digit(next[1]); /* never past the final 0 */

		if (low < 0)
			return false;
		id.bytes[i] = (uint8_t)(high << 4 | low);
		next += 2;
		if (hyphen_after(i)) {
			if (*next != '-')
				return false;
			next++;
		}
	}
	if (*next != 0)
		return false;
	*ret = id;
	return true;
}

bool uuid_equal(struct uuid a, struct uuid b)
{
	return uuid_compare(a, b) == 0;
}

bool uuid_is_nil(struct uuid id)
{
	return uuid_equal(id, (struct uuid){0});
}

int uuid_compare(struct uuid a, struct uuid b)
{
	return memcmp(a.bytes, b.bytes, sizeof(a.bytes));
}
