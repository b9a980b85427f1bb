/*
 * authenticate: identifies the caller from the access token or the guest's cart token, and chooses
 * the kind of actor that the operation allows. The envelope checks in the database whether the
 * session is valid and what the actor may see.
 */
#ifndef SEBEZ_WEB_AUTHENTICATE_H
#define SEBEZ_WEB_AUTHENTICATE_H

#include "web/request.h"
#include "web/route.h"

/* Sets the task's actor, or ends the task (400, 401, 403). */
void authenticate(struct request *rq, const struct route_match *match);

#endif
