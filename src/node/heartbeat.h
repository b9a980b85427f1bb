/*
 * heartbeat: lets the supervisor detect a process whose loop hangs.
 *
 * Each process increments a counter in its metrics slot once a second. The supervisor looks once a
 * second of its own running time and counts consecutive looks without a new beat. So anything that
 * stops both, or only the supervisor (a suspended machine, a debugger), counts as one look and
 * kills no process.
 */
#ifndef SEBEZ_NODE_HEARTBEAT_H
#define SEBEZ_NODE_HEARTBEAT_H

#include <stdbool.h>
#include <stdint.h>

enum { HEARTBEAT_MS = 1000 };

/* Of one process; zero it when the process is started. */
struct heartbeat {
	uint64_t beats;  /* at the last look */
	unsigned missed; /* consecutive looks without a new beat */
	bool begun;
};

/* One look; beats is the counter of the process's slot. Returns true when the process hangs. */
bool heartbeat_look(struct heartbeat *heartbeat, uint64_t beats);

#endif
