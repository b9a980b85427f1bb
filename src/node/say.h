/*
 * say: what the program tells the person who started it, one line on standard error. Requests and
 * jobs do not use it: they write log lines.
 */
#ifndef SEBEZ_NODE_SAY_H
#define SEBEZ_NODE_SAY_H

void say(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
