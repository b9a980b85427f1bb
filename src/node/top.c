#include "node/top.h"

#include <assert.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "node/ask_server.h"
#include "node/say.h"
#include "node/top_screen.h"

enum {
	METRICS_BYTES = 4 * 1024 * 1024, /* of 512 operations and 256 processes, three times over */
	INTERVAL_MS = 2000,
	ONCE_MS = 1000,
	ROWS = 24, /* of a terminal that does not say */
};

static struct {
	char answer[METRICS_BYTES], screen[64 * 1024];
	struct top_view views[2];
	volatile sig_atomic_t ended;
} top;

static void on_end(int number)
{
	(void)number;
	top.ended = 1;
}

static int read_view(const struct config *config, struct top_view *ret)
{
	int status = ask_server(config, "top", "/metrics", top.answer, sizeof(top.answer));

	if (status >= 0 && status != 200)
		say("top: /metrics is answered with %d", status);
	if (status != 200)
		return -1;
	top_view_read(top.answer, ret);
	ret->at_ms = clock_monotonic_ms();
	return 0;
}

static void wait_ms(int ms)
{
	struct timespec time = {.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000 * 1000};

	(void)nanosleep(&time, NULL); /* a signal ends it */
}

static int rows_of_terminal(void)
{
	struct winsize size;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > 0)
		return size.ws_row;
	return ROWS;
}

/* As many lines as the terminal has; what does not fit is not shown. */
static void show(const char *text)
{
	int rows = rows_of_terminal();

	fputs("\033[H", stdout);
	while (*text != '\0' && rows > 0) {
		size_t length = strcspn(text, "\n");

		rows--;
		/* Erases the rest of the line; the last one has no newline, which would scroll. */
		printf("%.*s\033[K%s", (int)length, text, rows > 0 ? "\n" : "");
		text += length + (text[length] == '\n');
	}
	fputs("\033[J", stdout);
	fflush(stdout);
}

static void draw(const struct config *config, const struct top_view *before,
                 const struct top_view *now)
{
	FILE *screen = fmemopen(top.screen, sizeof(top.screen), "w");

	assert(screen != NULL);
	top_screen_print(screen, config->listen, before, now);
	fclose(screen);
	show(top.screen);
}

static int refresh(const struct config *config)
{
	const struct sigaction action = {.sa_handler = on_end};
	unsigned now = 0;
	int rc = 0;

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	fputs("\033[?1049h\033[?25l", stdout); /* another screen, no cursor */
	while (!top.ended && rc == 0) {
		wait_ms(INTERVAL_MS);
		now = 1 - now;
		if (!top.ended)
			rc = read_view(config, &top.views[now]);
		if (!top.ended && rc == 0)
			draw(config, &top.views[1 - now], &top.views[now]);
	}
	fputs("\033[?25h\033[?1049l", stdout);
	fflush(stdout);
	return rc;
}

int top_main(const struct config *config, bool once)
{
	int rc = read_view(config, &top.views[0]);

	if (rc == 0 && !once && isatty(STDOUT_FILENO)) {
		rc = refresh(config);
	} else if (rc == 0) {
		wait_ms(ONCE_MS);
		rc = read_view(config, &top.views[1]);
		if (rc == 0)
			top_screen_print(stdout, config->listen, &top.views[0], &top.views[1]);
	}
	return rc == 0 ? 0 : 1;
}
