/*
 * process: what every process with a loop needs: the pools of the database roles, Redis, and the
 * keys; for processes of `sebez serve`, and for tools that run a task.
 */
#ifndef SEBEZ_NODE_PROCESS_H
#define SEBEZ_NODE_PROCESS_H

#include <stdbool.h>
#include <stdint.h>

#include "node/config.h"
#include "node/metrics.h"
#include "node/secret.h"
#include "store/objects.h"
#include "store/pg.h"
#include "store/redis.h"

struct process_stores {
	struct pg_pool *pools[PG_ROLE_COUNT];
	struct redis *redis;
	struct objects *objects;
};

/* base: conninfo without a login; objects_fd: object_store_folder(). Opens the stores and prepares
 * the process for tasks. Returns -errno on failure. */
int process_open_stores(const struct config *config, const char *base, const char *redis_url,
                        const struct secret *secret, int objects_fd, struct process_stores *ret)
    __attribute__((warn_unused_result));
void process_close_stores(struct process_stores *stores);

/* For calls to other servers: net/http_client.h. Prints the error and returns -errno on failure. */
int process_start_http_client(const struct config *config) __attribute__((warn_unused_result));

/* For a process that `sebez serve` starts: its slot of the metrics, the secret, its stores, and the
 * HTTP client. Prints the error and returns -errno on failure. */
int process_open(const struct config *config, unsigned slot, const char *kind,
                 struct secret *ret_secret, struct process_stores *ret)
    __attribute__((warn_unused_result));

/* Whether the database answers a statement before the deadline; suspends the fiber. */
bool process_database_answers(struct pg_pool *pool, int64_t deadline_ms);

/* Gauges of its pools, fibers, Redis and calls to other servers. */
void process_gauges(const struct process_stores *stores, struct metrics_gauges *ret);

/* Sets the name in `ps`, the log level and the log's process name, and raises the descriptor limit
 * to its maximum. name must live as long as the process. */
void process_begin(const struct config *config, const char *name);

/* LIMIT_CONNECTIONS, or what the descriptor limit leaves after the pools and calls to other
 * servers; logs when that is less. */
unsigned process_connections_max(const struct config *config);

/* Settings that the supervisor passes to its children in the environment. */
const char *process_base_conninfo(void);

/* Calls run once, on the loop, when the signal arrives. */
void process_on_signal(int number, void (*run)(int number));

/* Notifies the supervisor that this process serves. */
void process_ready(void);

#endif
