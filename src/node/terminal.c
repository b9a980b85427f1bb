#include "node/terminal.h"

#include <assert.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>

static int terminal = -1;

void terminal_remember(void)
{
	struct sigaction now;

	assert(terminal < 0);
	if (sigaction(SIGHUP, NULL, &now) == 0 && now.sa_handler != SIG_IGN)
		terminal = open("/dev/tty", O_RDONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
}

int terminal_fd(void)
{
	return terminal;
}

bool terminal_is_closed(void)
{
	struct pollfd hung_up = {.fd = terminal};

	return terminal >= 0 && poll(&hung_up, 1, 0) == 1 && (hung_up.revents & POLLHUP) != 0;
}
