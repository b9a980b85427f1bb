/*
 * ticket: replaces an access token where a browser cannot send one (EventSource has no headers): in
 * the query, once, for TICKET_LIFE_S. It belongs to the session that requested it. Stored in Redis
 * only, so that two processes cannot redeem the same one; without Redis there are no tickets.
 */
#ifndef SEBEZ_WEB_TICKET_H
#define SEBEZ_WEB_TICKET_H

#include "web/request.h"
#include "web/token.h"

enum { TICKET_BYTES = 32, TICKET_LENGTH = 43, TICKET_LIFE_S = 30 };

/* For the request's actor. Ends the task (503) when Redis is unavailable. Suspends. */
void ticket_make(struct request *rq, char ret[TICKET_LENGTH + 1]);

/* Redeems the ticket in the query and returns its session; false when there is none, or it is
 * invalid. Ends the task (503) when Redis is unavailable. Suspends. */
bool ticket_redeem(struct request *rq, struct token *ret) __attribute__((warn_unused_result));
bool ticket_is_given(const struct request *rq);

#endif
