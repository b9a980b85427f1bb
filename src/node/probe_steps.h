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

enum { PROBE_ID_SIZE = UUID_TEXT_LENGTH + 1 };

struct probe {
	const struct probe_options *options;
	const char *password; /* of options->email */
	struct arena *arena;
	int64_t deadline_ms; /* of the current step */
	const char *token;   /* NULL: nobody is signed in */
	const char *cursor;  /* of events, before the order */
	char email[300];
	char vendor[PROBE_ID_SIZE], variant[PROBE_ID_SIZE], order[PROBE_ID_SIZE];
	char conversation[PROBE_ID_SIZE], message[PROBE_ID_SIZE];
	const char *reason; /* why the current step failed */
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
