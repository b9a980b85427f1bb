/*
 * probe_steps: the steps of `sebez probe`, each a few requests of a customer, from a fiber.
 */
#ifndef SEBEZ_NODE_PROBE_STEPS_H
#define SEBEZ_NODE_PROBE_STEPS_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/uuid.h"
#include "node/probe.h"

enum {
	PROBE_ID_SIZE = UUID_TEXT_LENGTH + 1,
	PROBE_TOKEN_SIZE = 256,
	PROBE_CURSOR_SIZE = 64 + 1,
	PROBE_REASON_SIZE = 600,
};

struct probe {
	const struct probe_options *options;
	const char *password;           /* of options->email */
	struct arena *arena;            /* of the current step */
	int64_t deadline_ms;            /* of the current step */
	char token[PROBE_TOKEN_SIZE];   /* "": nobody is signed in */
	char cursor[PROBE_CURSOR_SIZE]; /* of events, before the order */
	char email[300];
	char vendor[PROBE_ID_SIZE], variant[PROBE_ID_SIZE], order[PROBE_ID_SIZE];
	char conversation[PROBE_ID_SIZE], message[PROBE_ID_SIZE];
	bool may_have_ordered; /* order is "" when no answer told its id */
	bool is_in_doubt;      /* whether the latest request that was to be sure had an effect */
	char reason[PROBE_REASON_SIZE]; /* why the current step failed; "": it has not */
};

struct probe_step {
	const char *name;
	bool (*run)(struct probe *probe); /* false: probe->reason says why */
	/* It undoes something, so it runs after a failure, too, when there is something to undo. */
	bool (*is_due)(const struct probe *probe);
};

extern const struct probe_step PROBE_STEPS[];
extern const size_t PROBE_STEP_COUNT;

#endif
