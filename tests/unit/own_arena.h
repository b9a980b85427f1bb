/* own_arena: an arena of a test program; the group of its tests makes and frees it. */
#ifndef SEBEZ_TESTS_OWN_ARENA_H
#define SEBEZ_TESTS_OWN_ARENA_H

#include "base/arena.h"

static struct arena *arena;

static int arena_set_up(void **state)
{
	(void)state;
	arena = arena_new(256 * 1024 * 1024, NULL, NULL);
	return 0;
}

static int arena_tear_down(void **state)
{
	(void)state;
	arena_free(arena);
	return 0;
}

#endif
