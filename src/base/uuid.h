/*
 * uuid: 128-bit identifiers. New ones are version 7 (RFC 9562 §5.7): 48 bits of Unix milliseconds,
 * then a counter of 12 bits that starts at random below 2048 in each millisecond (§6.2 method 1),
 * then 62 random bits. So they sort by creation time and index well; those of one process always
 * grow, even when the clock is set back.
 */
#ifndef SEBEZ_BASE_UUID_H
#define SEBEZ_BASE_UUID_H

#include <stdbool.h>
#include <stdint.h>

enum { UUID_TEXT_LENGTH = 36 };

struct uuid {
	uint8_t bytes[16];
};

struct uuid uuid_v7(void);                                        /* now, from libsodium's random */
void uuid_format(struct uuid id, char ret[UUID_TEXT_LENGTH + 1]); /* lower case, with hyphens */
bool uuid_parse(const char *text, struct uuid *ret); /* exactly 36 characters, any case */
bool uuid_equal(struct uuid a, struct uuid b);
bool uuid_is_nil(struct uuid id);
int uuid_compare(struct uuid a, struct uuid b); /* <0, 0, >0, by bytes */

#endif
