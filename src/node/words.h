/*
 * words: the values of a flag that may be given several times.
 */
#ifndef SEBEZ_NODE_WORDS_H
#define SEBEZ_NODE_WORDS_H

#include <stddef.h>

enum { WORDS_MAX = 32 };

struct words {
	const char *items[WORDS_MAX];
	size_t count;
};

#endif
