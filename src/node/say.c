#include "node/say.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

static unsigned count;

unsigned say_count(void)
{
	return count;
}

void say(const char *format, ...)
{
	char line[2048] = "sebez: ";
	size_t start = sizeof("sebez: ") - 1;
	va_list args;
	int length;
	ssize_t ignored;

	count++;
	va_start(args, format);
	length = vsnprintf(line + start, sizeof(line) - start - 1, format, args);
	va_end(args);
	if (length < 0)
		return;
	length += (int)start;
	if (length > (int)sizeof(line) - 2)
		length = (int)sizeof(line) - 2;
	assert(length >= (int)start && length < (int)sizeof(line) - 1);
	line[length++] = '\n';
	/* A single write, so that lines of several processes do not interleave. */
	ignored = write(STDERR_FILENO, line, (size_t)length);
	(void)ignored;
}
