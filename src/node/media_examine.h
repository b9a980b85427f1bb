/*
 * media_examine: has a worker examine a file, and keeps the worker for the next one.
 */
#ifndef SEBEZ_NODE_MEDIA_EXAMINE_H
#define SEBEZ_NODE_MEDIA_EXAMINE_H

#include "node/media_worker.h"
#include "shop/media/process.h"

struct media_examiner {
	struct media_worker *worker; /* NULL: none */
	int64_t used_ms;
	uint32_t requests;
	uint64_t *killed; /* counts workers that ended before their time */
};

/* A media_examine_fn; arg is the examiner. */
int media_examine(void *arg, const struct media_request *request, int original,
                  struct media_examined *ret);

/* Ends the worker, if there is one. */
void media_examine_end(struct media_examiner *examiner);

#endif
