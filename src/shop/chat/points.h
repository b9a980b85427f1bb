/*
 * points: a text as code points, for rules that look at characters.
 */
#ifndef SEBEZ_SHOP_CHAT_POINTS_H
#define SEBEZ_SHOP_CHAT_POINTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"

struct points {
	int32_t *at;
	size_t count;
};

struct points points_of(struct arena *arena, const char *text); /* valid UTF-8 */
const char *points_text(struct arena *arena, struct points points);

/* Beyond the end there is 0. */
int32_t points_get(struct points text, size_t at);
bool points_is_letter_or_digit(struct points text, size_t at);
bool points_is_space(struct points text, size_t at);
/* Where the ASCII word, in lower case, that begins here ends; 0 when another one does. */
size_t points_word(struct points text, size_t at, const char *word);

/* The text without disguise: digits of all scripts, in circles and of full width are digits, what
 * has no width is not there, (at), [dot] and {punkt} are the signs that they stand for. */
struct points points_plain(struct arena *arena, struct points text);

#endif
