#include "web/key_turn.h"

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "base/limits.h"
#include "net/co.h"

/* In order of arrival; those of different keys share a list. */
static struct key_turn *lists[LIMIT_KEY_TURN_LISTS];

static struct key_turn **list_of(const struct key_turn *turn)
{
	uint32_t hash;

	memcpy(&hash, turn->of, sizeof(hash));
	return &lists[hash % LIMIT_KEY_TURN_LISTS];
}

static struct key_turn *first_of(const struct key_turn *turn)
{
	struct key_turn *at = *list_of(turn);

	while (at != NULL && memcmp(at->of, turn->of, KEY_TURN_BYTES) != 0)
		at = at->next;
	return at;
}

enum key_turn_result key_turn_wait(struct key_turn *turn, const uint8_t of[KEY_TURN_BYTES],
                                   int64_t deadline_ms)
{
	enum key_turn_result result = KEY_TURN_FIRST;
	struct key_turn **end;

	assert(co_self() != NULL);
	*turn = (struct key_turn){.co = co_self()};
	memcpy(turn->of, of, KEY_TURN_BYTES);
	for (end = list_of(turn); *end != NULL; end = &(*end)->next)
		continue;
	*end = turn;
	while (first_of(turn) != turn) {
		result = KEY_TURN_LATER;
		if (co_wait(deadline_ms) == 0 || first_of(turn) == turn)
			continue;
		key_turn_leave(turn);
		return KEY_TURN_LATE;
	}
	return result;
}

void key_turn_leave(struct key_turn *turn)
{
	struct key_turn **link = list_of(turn);
	bool had_it = first_of(turn) == turn;
	struct key_turn *next;

	while (*link != turn)
		link = &(*link)->next;
	*link = turn->next;
	next = first_of(turn);
	if (had_it && next != NULL)
		co_wake(next->co);
}
