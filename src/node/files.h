/*
 * files: detects that the files a process was started from were replaced on disk: its program, the
 * libraries it has mapped, and what it loads or starts later. The process keeps the old code in
 * memory but starts and loads new files, and the two may be incompatible.
 */
#ifndef SEBEZ_NODE_FILES_H
#define SEBEZ_NODE_FILES_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum { FILES_LOOK_MS = 2000 };

struct files {
	char program[512]; /* "" when unknown */
	uint64_t started;  /* fingerprint of the files on disk at start */
	uint64_t latest;   /* fingerprint at the last look, if it differed */
	unsigned steady;   /* consecutive looks that found `latest` */
	bool reported;     /* the change to `latest` was reported */
	bool whole;        /* all mapped libraries were once seen on disk */
};

/* Records the files of a process that has just been started. */
void files_begin(struct files *files, pid_t pid);

/* Result of a look. A change is reported once, after it has been stable for several looks, because
 * a package manager unpacks files one by one. */
enum files_change {
	FILES_SAME,
	FILES_REPLACED,         /* program files were replaced */
	FILES_LIBRARY_REPLACED, /* a library was replaced, the program is unchanged */
	FILES_GONE,             /* the program no longer exists */
};
enum files_change files_look(struct files *files, pid_t pid);

#endif
