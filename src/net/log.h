/*
 * log: writes the log, one JSON line per event, with one write(2) to standard error.
 *
 *   LOG_INFO("listening", log_str("address", address), log_int("port", port));
 *   LOG_WARNING("slow request", log_uuid("request_id", id), log_int("duration_ms", duration_ms));
 *
 * Only task/, web/, shop/, node/ and main.c log. Below them functions return errors. Before
 * log_start lines of level info and above are written, for the process "sebez". Lines that cannot
 * be written are lost: a full disk must not stop the server.
 */
#ifndef SEBEZ_NET_LOG_H
#define SEBEZ_NET_LOG_H

#include "base/log.h"

/* process must outlive the process: "supervisor", "api 1", "jobs". */
void log_start(enum log_level least, const char *process);

bool log_wants(enum log_level level);

/* fields end with one whose name is NULL. */
void log_write(enum log_level level, const char *event, const struct log_field fields[]);

/* The fields are not evaluated when the level is disabled. */
#define LOG_AT(level, event, ...)                                                                  \
	do {                                                                                       \
		if (log_wants(level))                                                              \
			log_write(level, event,                                                    \
			          (const struct log_field[]){__VA_ARGS__ __VA_OPT__(, ){0}});      \
	} while (0)

#define LOG_DEBUG(...) LOG_AT(LOG_LEVEL_DEBUG, __VA_ARGS__)
#define LOG_INFO(...) LOG_AT(LOG_LEVEL_INFO, __VA_ARGS__)
#define LOG_WARNING(...) LOG_AT(LOG_LEVEL_WARNING, __VA_ARGS__)
#define LOG_ERROR(...) LOG_AT(LOG_LEVEL_ERROR, __VA_ARGS__)

#endif
