/*
 * recent: operations that need more than a session (x-recent): whoever calls must have proved who
 * they are lately, so that a device left open, or a stolen token, cannot do what is hard to undo.
 */
#ifndef SEBEZ_WEB_RECENT_H
#define SEBEZ_WEB_RECENT_H

#include "web/request.h"

/* Ends the task (403, with what proves it) unless the operation's time has not passed since the
 * session's last proof. Nothing for operations without one. May suspend. */
void recent_require(struct request *rq);

#endif
