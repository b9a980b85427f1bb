/*
 * ask_password: a line of standard input that nobody sees.
 */
#ifndef SEBEZ_NODE_ASK_PASSWORD_H
#define SEBEZ_NODE_ASK_PASSWORD_H

#include <stddef.h>

/* On a terminal it asks, and what is typed is not shown. The line's end is cut off. Says what went
 * wrong and returns -errno: no line, or one that does not fit. */
int ask_password(char *ret, size_t size) __attribute__((warn_unused_result));

#endif
