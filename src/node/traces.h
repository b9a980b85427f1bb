/*
 * traces: sends the spans of this process (net/spans.h) to SEBEZ_TRACES_URL, a few hundred at a
 * time, as OpenTelemetry has it over HTTP in JSON. While the receiver is away spans wait;
 * those for which there is no room any more are lost, and the log says how many.
 */
#ifndef SEBEZ_NODE_TRACES_H
#define SEBEZ_NODE_TRACES_H

#include <stdbool.h>

#include "node/config.h"

/* Nothing without a URL. After the HTTP client has started; process outlives the process. */
void traces_start(const struct config *config, const char *process);
void traces_drain(void); /* the process is to end: what waits is sent at once */
/* While it ends: whether spans wait, and their receiver has not failed yet. */
bool traces_wait(void);

#endif
