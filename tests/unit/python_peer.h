/*
 * python_peer: a server in Python that a test talks to. It ends with its
 * standard input, and so with the test.
 */
#ifndef SEBEZ_TESTS_PYTHON_PEER_H
#define SEBEZ_TESTS_PYTHON_PEER_H

#include <stdio.h>
#include <sys/types.h>

struct python_peer {
	pid_t process;
	FILE *output; /* what it prints */
	int input;
};

struct python_peer python_peer_start(const char *script); /* ignores SIGPIPE from then on */
void python_peer_stop(struct python_peer *peer);

#endif
