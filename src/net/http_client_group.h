/*
 * http_client_group: calls of one fiber that are under way side by side, as many as the server, the
 * group and the process (LIMIT_CLIENT_GROUP_CALLS) allow. Over HTTP/2 they share connections:
 * LIMIT_CLIENT_STREAMS on each, LIMIT_CLIENT_HOST_CONNECTIONS of them to a host.
 *
 *   struct http_client_group *group = http_client_group_new(100);
 *   struct http_client_finished finished;
 *   size_t sent = 0;
 *
 *   do {
 *           while (sent < count &&
 *                  http_client_group_add(group, &requests[sent], deadline_ms, &things[sent]))
 *                   sent++;
 *           if (http_client_group_next(group, &finished))
 *                   judge(finished.owner, &finished.response);
 *   } while (sent < count || http_client_group_count(group) > 0);
 *   http_client_group_free(group);
 *
 * All else is as in net/http_client.h, but that redirects are not followed.
 */
#ifndef SEBEZ_NET_HTTP_CLIENT_GROUP_H
#define SEBEZ_NET_HTTP_CLIENT_GROUP_H

#include "net/http_client.h"

struct http_client_group;

/* Used by one fiber; calls_max: at most LIMIT_CLIENT_GROUP_CALLS. NULL: no memory. */
struct http_client_group *http_client_group_new(unsigned calls_max);
/* Ends the calls that are under way. */
void http_client_group_free(struct http_client_group *group);

/*
 * http_client_group_add: begins a call. May suspend the fiber, to read certificates.
 *
 *   request  may go when this returns; its body stays where it is until the call is finished
 *   owner    comes back with the response
 *
 * Returns false when no more calls may be under way: take a finished one first, there is or will be
 * one. Whatever else keeps the call from being made is the result with which it is finished.
 */
bool http_client_group_add(struct http_client_group *group,
                           const struct http_client_request *request, int64_t deadline_ms,
                           void *owner) __attribute__((warn_unused_result));

struct http_client_finished {
	void *owner;
	int result;                           /* as http_client_send returns */
	struct http_client_response response; /* lives until the next call is taken */
};

/* Waits until a call is finished, and takes it. False: there is none. */
bool http_client_group_next(struct http_client_group *group, struct http_client_finished *ret);

unsigned http_client_group_count(const struct http_client_group *group); /* not taken yet */

#endif
