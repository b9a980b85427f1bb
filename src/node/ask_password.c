#include "node/ask_password.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "node/say.h"

static const int ENDING[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};

static struct termios before;

/* A signal that ends the process during the prompt must not leave the terminal without echo. */
static void restore_and_end(int number)
{
	tcsetattr(STDIN_FILENO, TCSANOW, &before);
	signal(number, SIG_DFL);
	raise(number);
}

static bool hide_typing(void)
{
	struct termios hidden;

	if (tcgetattr(STDIN_FILENO, &before) != 0)
		return false;
	for (size_t i = 0; i < sizeof(ENDING) / sizeof(ENDING[0]); i++)
		signal(ENDING[i], restore_and_end);
	hidden = before;
	hidden.c_lflag &= ~(tcflag_t)ECHO;
	return tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden) == 0;
}

static void show_typing(void)
{
	tcsetattr(STDIN_FILENO, TCSANOW, &before);
	for (size_t i = 0; i < sizeof(ENDING) / sizeof(ENDING[0]); i++)
		signal(ENDING[i], SIG_DFL);
	fputc('\n', stderr); /* the typed newline was not echoed */
}

int ask_password(char *ret, size_t size)
{
	assert(size > 2 && size <= INT_MAX); /* a character, the line end and the 0 */

	bool hidden = hide_typing();
	char *line;

	if (hidden)
		fprintf(stderr, "Password (at least 8 characters): ");
	line = fgets(ret, (int)size, stdin);
	if (hidden)
		show_typing();
	if (line == NULL) {
		say("no password was given");
		return -ENODATA;
	}
	if (strchr(ret, '\n') == NULL && !feof(stdin)) {
		say("the password is too long");
		return -EMSGSIZE;
	}
	ret[strcspn(ret, "\r\n")] = '\0';
	return 0;
}
