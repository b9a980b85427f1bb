/*
 * ask_server: a GET to the server at SEBEZ_LISTEN, from another process of its machine (`sebez
 * ready`, `sebez top`).
 */
#ifndef SEBEZ_NODE_ASK_SERVER_H
#define SEBEZ_NODE_ASK_SERVER_H

#include <stddef.h>

#include "node/config.h"

/* The status of the answer, whose body is in ret, cut off at size - 1 and ended with NUL; or
 * -errno, after a message that begins with `who`. */
int ask_server(const struct config *config, const char *who, const char *path, char *ret,
               size_t size) __attribute__((warn_unused_result));

#endif
