/*
 * key_turn: requests of this process with the same Idempotency-Key take turns, in order of arrival.
 * A waiting one holds no database connection. This only saves connections and work: the database
 * guarantees one effect per key, with or without it.
 */
#ifndef SEBEZ_WEB_KEY_TURN_H
#define SEBEZ_WEB_KEY_TURN_H

#include <stdint.h>

enum { KEY_TURN_BYTES = 16 };

struct key_turn {
	uint8_t of[KEY_TURN_BYTES]; /* hash of the key and its owner */
	struct co *co;
	struct key_turn *next;
};

enum key_turn_result {
	KEY_TURN_FIRST, /* nobody was before it */
	KEY_TURN_LATER, /* it waited until all before it had left */
	KEY_TURN_LATE,  /* it waited until the deadline, and has left */
};

/* The turn must stay where it is until key_turn_leave. Suspends. */
enum key_turn_result key_turn_wait(struct key_turn *turn, const uint8_t of[KEY_TURN_BYTES],
                                   int64_t deadline_ms);
void key_turn_leave(struct key_turn *turn);

#endif
