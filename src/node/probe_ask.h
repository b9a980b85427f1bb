/*
 * probe_ask: what the steps of `sebez probe` ask a server, and what they read of its answers. From
 * a fiber, which is suspended meanwhile.
 *
 * Whatever fails sets probe->reason. JSON and texts live as long as probe->arena.
 */
#ifndef SEBEZ_NODE_PROBE_ASK_H
#define SEBEZ_NODE_PROBE_ASK_H

#include <jansson.h>
#include <stddef.h>

#include "node/probe_steps.h"

struct question {
	const char *method, *path;
	const char *body; /* NULL: none */
	int expected;     /* the status */
};

/* The step fails for this reason: false. */
bool probe_fail(struct probe *probe, const char *reason);

/* The JSON of the answer; NULL when there is none until the deadline of the step, or another one
 * than is expected. */
const json_t *probe_ask(struct probe *probe, struct question question);
/* The same, and asks again under the same Idempotency-Key while nothing says what became of the
 * request. probe->is_in_doubt afterwards: nothing did. */
const json_t *probe_ask_surely(struct probe *probe, struct question question);

/* The text at a path of keys and indexes such as items.0.id; NULL when there is none. */
const char *probe_text(struct probe *probe, const json_t *json, const char *path);
/* Copies it, and the same of an id. */
bool probe_take(struct probe *probe, const json_t *json, const char *path, char *ret, size_t size)
    __attribute__((warn_unused_result));
bool probe_take_id(struct probe *probe, const json_t *json, const char *path,
                   char ret[PROBE_ID_SIZE]) __attribute__((warn_unused_result));

#endif
