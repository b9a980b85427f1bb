/*
 * heartbeat: whether a process still turns its loop, as the supervisor sees it.
 *
 * A process counts its beats in its slot of the metrics, once a second. The supervisor looks once a
 * second of its own life and counts how often in a row it saw no new one. So what stops both, or
 * only the supervisor (a suspended machine, a debugger), counts as one look and kills nobody.
 */
#ifndef SEBEZ_NODE_HEARTBEAT_H
#define SEBEZ_NODE_HEARTBEAT_H

#include <stdbool.h>
#include <stdint.h>

enum { HEARTBEAT_MS = 1000 };

/* Of one process; zeroed when it is started. */
struct heartbeat {
	uint64_t beats;  /* when last seen */
	unsigned missed; /* looks in a row that saw no new one */
	bool begun;
};

/* One look; beats is the count of the process's slot. True when it hangs. */
bool heartbeat_look(struct heartbeat *heartbeat, uint64_t beats);

#endif
