#include "net/log.h"

#include <errno.h>
#include <unistd.h>

#include "base/clock.h"

static struct {
	enum log_level least;
	const char *process;
} settings = {.least = LOG_LEVEL_INFO, .process = "sebez"};

void log_start(enum log_level least, const char *process)
{
	settings.least = least;
	settings.process = process;
}

bool log_wants(enum log_level level)
{
	return level >= settings.least;
}

void log_write(enum log_level level, const char *event, const struct log_field fields[])
{
	if (!log_wants(level))
		return;

	/* A growing buffer leaves its old copies in the arena, and so do sanitized texts. */
	struct arena *arena = arena_new(4 * LOG_LINE_MAX, NULL, NULL);
	struct buf line = buf_new(arena, 1024);
	int saved_errno = errno;

	log_line(&line, clock_now_us(), level, settings.process, event, fields);

	ssize_t written = write(STDERR_FILENO, line.data, line.length);

	(void)written; /* no place left to report the failure */
	errno = saved_errno;
	arena_free(arena);
}
