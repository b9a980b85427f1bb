#include "shop/accounts/refresh_cookie.h"

#include <assert.h>
#include <string.h>

#include "base/arena.h"
#include "shop/accounts/refresh.h"
#include "shop/accounts/sign_in.h"
#include "web/reply.h"

static const char PLACE[] = "cookie";
static const char NAME[] = "sebez_refresh=";

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
	             arena_printf(rq->task.arena,
	                          "%s%s; Path=/v1/auth; Max-Age=%d; HttpOnly; SameSite=Strict%s",
	                          NAME, token, days * 24 * 3600, is_secure(rq) ? "; Secure" : ""));
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
	const char *at = http_header(rq->http, "Cookie");

	while (at != NULL) {
		at += strspn(at, "; ");
		if (strncmp(at, NAME, sizeof(NAME) - 1) == 0) {
			at += sizeof(NAME) - 1;
			return arena_strndup(rq->task.arena, at, strcspn(at, "; "));
		}
		at = strchr(at, ';');
	}
	return "";
}

void refresh_cookie_clear(struct request *rq)
{
	if (refresh_cookie_is_asked(rq))
		set(rq, "", 0);
}
