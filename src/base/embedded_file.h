/*
 * embedded_file: a file that the build puts into the program (tools/embed.py).
 */
#ifndef SEBEZ_BASE_EMBEDDED_FILE_H
#define SEBEZ_BASE_EMBEDDED_FILE_H

#include <stddef.h>

struct embedded_file {
	const char *name;
	const char *text;
	size_t length;
};

#endif
