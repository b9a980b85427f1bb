/*
 * say: what the program tells the person who started it, one line on standard error. Requests and
 * jobs do not use it: they write log lines.
 */
#ifndef SEBEZ_NODE_SAY_H
#define SEBEZ_NODE_SAY_H

/* How often say was called: who fails in silence may find out and say it for them. */
unsigned say_count(void);

void say(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
