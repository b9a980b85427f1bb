/*
 * refresh_cookie: the refresh token of a browser, in a cookie that scripts cannot read.
 *
 * A page of this server asks for it with the header X-Refresh-Token: cookie at each sign-in,
 * refresh and sign-out; answers and bodies then have the word "cookie" in place of the token.
 * Without the header the cookie is neither read nor written. Pages of other origins cannot send
 * that header, as CORS does not allow it, so a request that another site makes has no use of the
 * cookie; the cookie itself is SameSite=Strict.
 */
#ifndef SEBEZ_SHOP_ACCOUNTS_REFRESH_COOKIE_H
#define SEBEZ_SHOP_ACCOUNTS_REFRESH_COOKIE_H

#include "web/request.h"

/* Whether the request keeps its token in the cookie. Ends the task when a page of another origin
 * asks for that. */
bool refresh_cookie_is_asked(struct request *rq);
/* What the answer shows as its refresh token: the token itself, or "cookie", which is set. */
const char *refresh_cookie_show(struct request *rq, const char *token);
/* The token that the request means: the given one, or that of the cookie, "" when there is none.
 * Ends the task (400) when there are two. */
const char *refresh_cookie_read(struct request *rq, const char *given);
void refresh_cookie_clear(struct request *rq); /* if the request keeps its token there */

#endif
