/*
 * terminal: the terminal that a server was started from. When it is closed the server ends, as
 * whatever is started in a terminal does; what a SIGHUP means is another matter (supervisor.h).
 */
#ifndef SEBEZ_NODE_TERMINAL_H
#define SEBEZ_NODE_TERMINAL_H

#include <stdbool.h>

/* Remembers the controlling terminal, if there is one. Not when SIGHUP is ignored: that is how
 * nohup says that what it starts shall outlive its terminal. To be called before a handler of
 * SIGHUP is installed. */
void terminal_remember(void);

/* For poll: POLLHUP comes when it is closed; -1 when there is none. */
int terminal_fd(void);

bool terminal_is_closed(void);

#endif
