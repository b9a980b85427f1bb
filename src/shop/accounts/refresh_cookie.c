#include "shop/accounts/refresh_cookie.h"

#include <assert.h>
#include <string.h>

#include "base/arena.h"
#include "shop/accounts/refresh.h"
#include "shop/accounts/sign_in.h"
#include "web/reply.h"

static const char PLACE[] = "cookie";

/* __Host-: browsers take such a cookie only over https and from this very host, for all its paths,
 * so neither a neighbouring domain nor somebody on the way can plant one. */
static const struct {
	const char *name, *attributes;
} COOKIES[] = {{"sebez_refresh=", "Path=/v1/auth"}, {"__Host-sebez_refresh=", "Path=/; Secure"}};

bool refresh_cookie_is_asked(struct request *rq)
{
	const char *header = http_header(rq->http, "X-Refresh-Token");
	const char *site = http_header(rq->http, "Sec-Fetch-Site");

	if (header == NULL || strcmp(header, PLACE) != 0)
		return false;
	if (site != NULL && strcmp(site, "same-origin") != 0)
		task_end(&rq->task, PROBLEM_FORBIDDEN,
		         "X-Refresh-Token: cookie is for pages of this server only.");
	return true;
}

/* Browsers send the origin of their page with each POST, so it says whether they use https. */
static bool is_secure(const struct request *rq)
{
	const char *origin = http_header(rq->http, "Origin");

	return origin != NULL && strncmp(origin, "https://", 8) == 0;
}

static void set(struct request *rq, const char *token, int days)
{
	assert(strpbrk(token, "; ,\"\\") == NULL);
	reply_header(rq, "Set-Cookie",
	             arena_printf(rq->task.arena, "%s%s; %s; Max-Age=%d; HttpOnly; SameSite=Strict",
	                          COOKIES[is_secure(rq)].name, token,
	                          COOKIES[is_secure(rq)].attributes, days * 24 * 3600));
}

const char *refresh_cookie_show(struct request *rq, const char *token)
{
	assert(strlen(token) == REFRESH_LENGTH);
	if (!refresh_cookie_is_asked(rq))
		return token;
	set(rq, token, SESSION_DAYS);
	return PLACE;
}

const char *refresh_cookie_read(struct request *rq, const char *given)
{
	if (strcmp(given, PLACE) != 0 || !refresh_cookie_is_asked(rq))
		return given;
	const char *name = COOKIES[is_secure(rq)].name, *found = NULL;

	for (const char *at = http_header(rq->http, "Cookie"); at != NULL; at = strchr(at, ';')) {
		at += strspn(at, "; ");
		if (strncmp(at, name, strlen(name)) != 0)
			continue;
		if (found != NULL) /* somebody else may have set one of them */
			task_end(&rq->task, PROBLEM_INVALID,
			         "The request has two cookies with a refresh token.");
		at += strlen(name);
		found = arena_strndup(rq->task.arena, at, strcspn(at, "; "));
	}
	return found != NULL ? found : "";
}

void refresh_cookie_clear(struct request *rq)
{
	if (refresh_cookie_is_asked(rq))
		set(rq, "", 0);
}
