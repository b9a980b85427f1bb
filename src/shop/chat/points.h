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

/* Returns 0 beyond the end. */
int32_t points_get(struct points text, size_t at);
bool points_is_letter_or_digit(struct points text, size_t at);
bool points_is_space(struct points text, size_t at);
/* Matches a lower-case ASCII word at this position, ignoring case. Returns its end, or 0 without a
 * match. */
size_t points_word(struct points text, size_t at, const char *word);

/* The text without disguises: digits of all scripts, circled and of full width become ASCII digits,
 * zero-width characters are removed, (at), [dot] and {punkt} become the signs they stand for. */
struct points points_plain(struct arena *arena, struct points text);

#endif
