/*
 * backoff: how long to wait before the next attempt at something that has failed.
 */
#ifndef SEBEZ_BASE_BACKOFF_H
#define SEBEZ_BASE_BACKOFF_H

#include <stdint.h>

/* first_ms after the first failure, twice as long after each further one, max_ms at most. Half of
 * it depends on `chance`, any random number, so that processes do not retry in step.
 *
 *   failures  in a row, before this one */
int64_t backoff_ms(unsigned failures, int64_t first_ms, int64_t max_ms, uint32_t chance);

#endif
