/*
 * tool: runs one task from the command line with everything a task needs: services (started or
 * borrowed), the schema, the pools, the loop.
 */
#ifndef SEBEZ_NODE_TOOL_H
#define SEBEZ_NODE_TOOL_H

#include "node/config.h"
#include "node/secret.h"
#include "node/services.h"
#include "store/objects.h"
#include "task/task.h"

/* Prints the problem when the task was ended. If the task succeeded, calls `after` (may be NULL)
 * while the services are still running. Returns an exit status. */
int tool_run(const struct config *config, const char *name, void (*body)(struct task *task),
             int (*after)(const struct services *services));
/* For the body. */
struct objects *tool_objects(void);
const struct secret *tool_secret(void);

#endif
