/*
 * terminal: detects that the terminal the server was started from was closed. The server then
 * stops, like any program started in a terminal; a SIGHUP by itself means a reload (supervisor.h).
 */
#ifndef SEBEZ_NODE_TERMINAL_H
#define SEBEZ_NODE_TERMINAL_H

#include <stdbool.h>

/* Remembers the controlling terminal, if there is one. Does nothing when SIGHUP is ignored: nohup
 * sets this for programs that must outlive their terminal. Call before a handler of SIGHUP is
 * installed. */
void terminal_remember(void);

/* For poll: reports POLLHUP when the terminal is closed; -1 when there is none. */
int terminal_fd(void);

bool terminal_is_closed(void);

#endif
