/*
 * say: messages for the user on standard error, one line each. Requests and jobs do not use it:
 * they write log lines.
 */
#ifndef SEBEZ_NODE_SAY_H
#define SEBEZ_NODE_SAY_H

/* The number of calls of say so far: lets a caller print an error if a failed function printed
 * none. */
unsigned say_count(void);

void say(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
