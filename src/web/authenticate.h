/*
 * authenticate: who calls, from the access token or the guest's cart token, and as what, from what
 * the operation allows. It decides who somebody is; what they may see, and whether their session
 * still lives, the envelope asks the database.
 */
#ifndef SEBEZ_WEB_AUTHENTICATE_H
#define SEBEZ_WEB_AUTHENTICATE_H

#include "web/request.h"
#include "web/route.h"

/* Sets the task's actor, or ends the task (400, 401, 403). */
void authenticate(struct request *rq, const struct route_match *match);

#endif
