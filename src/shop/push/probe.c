/* What `sebez check` tells of the providers. */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/uuid.h"
#include "net/loop.h"
#include "shop/push/internal.h"
#include "shop/push/tokens.h"

enum { ARENA_BYTES = 1024 * 1024, CALL_MS = 15 * 1000 };

struct probe {
	struct arena *arena;
	const struct push_settings *settings;
	struct push_credentials credentials;
	push_report_fn *report;
	void *arg;
};

static void tell(const struct probe *probe, bool good, const char *what, const char *detail)
{
	probe->report(probe->arg, good, what, detail);
}

static int64_t now_s(void)
{
	return clock_now_us() / 1000000;
}

/* The response, or the verdict on its absence. */
static bool send_request(const struct probe *probe, const struct push_request *request,
                         struct http_client_response *ret, const char **ret_error)
{
	const struct http_client_request call = push_call(request, 0, true);
	int rc = http_client_send(probe->arena, &call, loop_now_ms() + CALL_MS, ret);

	*ret_error = rc < 0 ? ret->error : "";
	return rc == 0;
}

/* Asks FCM to validate a message to nobody: it refuses the address, and so has accepted the rest.
 */
static void probe_fcm_messages(const struct probe *probe, const char *token)
{
	static const char WHAT[] = "FCM takes messages";
	const struct fcm_server server = {probe->settings->fcm_origin,
	                                  probe->credentials.fcm.project, token, true};
	const struct push push = {
	    .id = uuid_v7(), .device = {.address = "none"}, .badge = -1, .expires_s = now_s() + 60};
	struct http_client_response response;
	struct push_request request;
	const char *error = "no memory";

	if (fcm_build(probe->arena, &server, &push, now_s(), &request) < 0 ||
	    !send_request(probe, &request, &response, &error)) {
		tell(probe, false, WHAT, error);
		return;
	}
	struct push_verdict verdict = fcm_judge(probe->arena, &response, now_s());
	bool good = verdict.outcome == PUSH_SENT || verdict.outcome == PUSH_ADDRESS_GONE ||
	            verdict.outcome == PUSH_DROPPED;

	tell(probe, good, WHAT, good ? "validated one without sending it" : verdict.reason);
}

static void probe_fcm(const struct probe *probe)
{
	struct push_verdict verdict;
	const char *token = NULL;

	tell(probe, true, "FCM_SERVICE_ACCOUNT_FILE", probe->credentials.fcm.client_email);
	verdict = tokens_fcm(probe->arena, &token);
	tell(probe, verdict.outcome == PUSH_SENT, "FCM gives an access token", verdict.reason);
	if (verdict.outcome == PUSH_SENT)
		probe_fcm_messages(probe, token);
}

/* A message to a token that no device has: APNs refuses that alone when it knows our key. */
static void probe_apns(const struct probe *probe, const char *origin, const char *what)
{
	static const char NOBODY[] =
	    "0000000000000000000000000000000000000000000000000000000000000000";
	const struct apns_server server = {origin, probe->settings->apns_topic,
	                                   tokens_apns(probe->arena)};
	const struct push push = {.id = uuid_v7(), .device = {.address = NOBODY}, .badge = -1};
	struct http_client_response response;
	struct push_request request;
	const char *error = "no memory";

	if (server.provider_token == NULL ||
	    apns_build(probe->arena, &server, &push, now_s(), &request) < 0 ||
	    !send_request(probe, &request, &response, &error)) {
		tell(probe, false, what, error);
		return;
	}
	struct push_verdict verdict = apns_judge(probe->arena, &response, now_s());
	bool good = verdict.outcome == PUSH_WRONG_ENVIRONMENT || verdict.outcome == PUSH_SENT ||
	            verdict.outcome == PUSH_ADDRESS_GONE;

	tell(probe, good, what, good ? "takes our key and topic" : verdict.reason);
}

static void probe_all(const struct probe *probe)
{
	const struct push_credentials *credentials = &probe->credentials;

	tokens_start(credentials, probe->settings);
	if (credentials->fcm_key != NULL)
		probe_fcm(probe);
	if (credentials->apns_key != NULL) {
		tell(probe, true, "APNS_KEY_FILE", "a key on P-256");
		probe_apns(probe, probe->settings->apns_origin, "APNs");
		probe_apns(probe, probe->settings->apns_sandbox_origin, "APNs (sandbox)");
	}
	if (credentials->vapid_key != NULL)
		tell(probe, true, "VAPID_KEY_FILE; pages subscribe with the public key",
		     push_vapid_public(probe->arena, credentials));
	if (probe->settings->expo_access_token[0] != '\0')
		tell(probe, true, "EXPO_ACCESS_TOKEN", "is set");
}

void push_probe(const struct push_settings *settings, push_report_fn *report, void *arg)
{
	struct probe probe = {.arena = arena_new(ARENA_BYTES, NULL, NULL),
	                      .settings = settings,
	                      .report = report,
	                      .arg = arg};
	char error[300];

	assert(report != NULL);
	if (push_credentials_read(settings, &probe.credentials, error, sizeof(error)))
		probe_all(&probe);
	else
		tell(&probe, false, "push messages", error);
	push_credentials_clear(&probe.credentials);
	arena_free(probe.arena);
}
