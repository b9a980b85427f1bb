#include "node/heartbeat.h"

enum {
	MISSED_MAX = 10,          /* a loop that is this late does not serve */
	MISSED_AT_START_MAX = 30, /* loading a program on a busy machine */
};

_Static_assert(MISSED_MAX > 1 && MISSED_AT_START_MAX >= MISSED_MAX,
               "one look without a beat kills nobody, and a start takes longer");

bool heartbeat_look(struct heartbeat *heartbeat, uint64_t beats)
{
	if (heartbeat->beats != beats) {
		*heartbeat = (struct heartbeat){.beats = beats, .begun = true};
		return false;
	}
	return ++heartbeat->missed >= (heartbeat->begun ? MISSED_MAX : MISSED_AT_START_MAX);
}
