/*
 * ticket: stands for an access token where a browser can send none (EventSource has no headers): in
 * the query, once, for TICKET_LIFE_S. It is of the session that asked for it. Kept in Redis alone,
 * so that two processes cannot take the same one; without Redis there are none.
 */
#ifndef SEBEZ_WEB_TICKET_H
#define SEBEZ_WEB_TICKET_H

#include "web/request.h"
#include "web/token.h"

enum { TICKET_BYTES = 32, TICKET_LENGTH = 43, TICKET_LIFE_S = 30 };

/* For the request's actor. Ends the task (503) when there are none. Suspends. */
void ticket_make(struct request *rq, char ret[TICKET_LENGTH + 1]);

/* The session of the ticket in the query, which is used up then; false when there is none in it, or
 * one that is not good. Ends the task (503) when it cannot be known. Suspends. */
bool ticket_redeem(struct request *rq, struct token *ret) __attribute__((warn_unused_result));
bool ticket_is_given(const struct request *rq);

#endif
