/*
 * files: what a running process was started from, and whether that has been replaced on disk: its
 * program, the libraries that it has mapped, and modules that it will load later. Its memory goes
 * on with the old ones, but what it starts or loads is new, and the two may not fit.
 */
#ifndef SEBEZ_NODE_FILES_H
#define SEBEZ_NODE_FILES_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum { FILES_LOOK_MS = 2000 };

struct files {
	char program[512]; /* "" when it cannot be known */
	uint64_t started;  /* a fingerprint of all that is on disk */
	uint64_t latest;   /* when last looked at, if it was another */
	unsigned steady;   /* looks in a row that found the latest */
	bool told;         /* of the latest */
	bool whole;        /* it has been seen with all of its libraries */
};

/* Of a process that has just been started. */
void files_begin(struct files *files, pid_t pid);

/* What has become of them. Each change is told once, when it has stood still for some looks, for a
 * package is unpacked one file after the other. */
enum files_change {
	FILES_SAME,
	FILES_REPLACED,         /* by others */
	FILES_LIBRARY_REPLACED, /* the program is what it was */
	FILES_GONE,             /* the program is not there any more */
};
enum files_change files_look(struct files *files, pid_t pid);

#endif
