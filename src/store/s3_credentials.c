#include "store/s3_credentials.h"

#include <assert.h>
#include <errno.h>
#include <jansson.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "net/co.h"
#include "net/http_client.h"
#include "net/loop.h"

#define CONTAINER_ORIGIN "http://169.254.170.2"
#define MACHINE_ORIGIN "http://169.254.169.254"
#define MACHINE_ROLES "/latest/meta-data/iam/security-credentials/"

enum {
	FETCH_MS = 5000,
	/* Before they expire; the platform has new ones 5 minutes before. */
	REFRESH_S = 240,
	RETRY_MS = 1000, /* after a failed fetch, while the old keys are valid */
	POLL_MS = 20,    /* of fibers that wait for another's fetch */
	TOKEN_S = 60,
};

struct s3_credentials {
	bool is_fixed;
	bool is_fetching;
	char *access_key, *secret_key, *session_token;
	int64_t expires_us; /* TIME_INFINITY: never; TIME_MINUS_INFINITY: there are none */
	int64_t fetch_after_ms;
};

static void replace_secret(char **to, const char *text)
{
	if (*to != NULL)
		sodium_memzero(*to, strlen(*to));
	free(*to);
	*to = text == NULL ? NULL : strdup(text);
}

static bool set_keys(struct s3_credentials *credentials, const char *access_key,
                     const char *secret_key, const char *session_token, int64_t expires_us)
{
	replace_secret(&credentials->access_key, access_key);
	replace_secret(&credentials->secret_key, secret_key);
	replace_secret(&credentials->session_token, session_token);
	credentials->expires_us = expires_us;
	return credentials->access_key != NULL && credentials->secret_key != NULL &&
	       (session_token == NULL || credentials->session_token != NULL);
}

static const char *environment(const char *name)
{
	const char *value = getenv(name);

	return value != NULL && value[0] != 0 ? value : NULL;
}

struct s3_credentials *s3_credentials_new(const char *access_key, const char *secret_key)
{
	struct s3_credentials *credentials = calloc(1, sizeof(*credentials));
	const char *session_token = NULL;

	if (credentials == NULL)
		return NULL;
	credentials->expires_us = TIME_MINUS_INFINITY;
	if (access_key[0] == 0) {
		access_key = environment("AWS_ACCESS_KEY_ID");
		secret_key = environment("AWS_SECRET_ACCESS_KEY");
		session_token = environment("AWS_SESSION_TOKEN");
	}
	credentials->is_fixed = access_key != NULL && secret_key != NULL;
	if (credentials->is_fixed &&
	    !set_keys(credentials, access_key, secret_key, session_token, TIME_INFINITY)) {
		s3_credentials_free(credentials);
		return NULL;
	}
	return credentials;
}

void s3_credentials_free(struct s3_credentials *credentials)
{
	if (credentials == NULL)
		return;
	(void)set_keys(credentials, NULL, NULL, NULL, TIME_MINUS_INFINITY);
	free(credentials);
}

void s3_credentials_expire(struct s3_credentials *credentials)
{
	if (!credentials->is_fixed)
		credentials->expires_us = TIME_MINUS_INFINITY;
}

/* The body of a 200, or NULL with the reason. */
static const char *fetch(struct arena *arena, const char *method, const char *url,
                         const struct http_header *header, int64_t deadline_ms,
                         const char **ret_why)
{
	struct http_client_request request = {
	    .method = method,
	    .url = url,
	    .headers = header,
	    .header_count = header != NULL && header->value != NULL ? 1 : 0,
	    .trusted = true,
	};
	struct http_client_response response;
	int64_t end_ms = loop_now_ms() + FETCH_MS;

	if (http_client_send(arena, &request, deadline_ms < end_ms ? deadline_ms : end_ms,
	                     &response) < 0)
		*ret_why = arena_printf(arena, "no credentials: %s: %s", url, response.error);
	else if (response.status != 200)
		*ret_why =
		    arena_printf(arena, "no credentials: %s answered %d", url, response.status);
	else
		return response.body;
	return NULL;
}

/* Both platforms answer {"AccessKeyId", "SecretAccessKey", "Token", "Expiration"}. */
static bool keep_answer(struct s3_credentials *credentials, const char *body)
{
	json_t *answer = json_loads(body, 0, NULL);
	const char *access_key = json_string_value(json_object_get(answer, "AccessKeyId"));
	const char *secret_key = json_string_value(json_object_get(answer, "SecretAccessKey"));
	const char *token = json_string_value(json_object_get(answer, "Token"));
	const char *expiration = json_string_value(json_object_get(answer, "Expiration"));
	int64_t expires_us;
	bool kept = access_key != NULL && secret_key != NULL && token != NULL &&
	            expiration != NULL && time_parse(expiration, &expires_us) &&
	            set_keys(credentials, access_key, secret_key, token, expires_us);

	json_decref(answer);
	return kept;
}

static const char *fetch_of_container(struct arena *arena, int64_t deadline_ms,
                                      const char **ret_why)
{
	const char *relative = environment("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
	const char *url = relative != NULL ? arena_printf(arena, CONTAINER_ORIGIN "%s", relative)
	                                   : environment("AWS_CONTAINER_CREDENTIALS_FULL_URI");
	struct http_header token = {"Authorization",
	                            environment("AWS_CONTAINER_AUTHORIZATION_TOKEN")};

	return fetch(arena, "GET", url, &token, deadline_ms, ret_why);
}

static const char *fetch_of_machine(struct arena *arena, int64_t deadline_ms, const char **ret_why)
{
	const char *origin = environment("AWS_EC2_METADATA_SERVICE_ENDPOINT");
	struct http_header header = {"X-aws-ec2-metadata-token-ttl-seconds",
	                             arena_printf(arena, "%d", TOKEN_S)};
	const char *role, *url;

	if (origin == NULL)
		origin = MACHINE_ORIGIN;
	url = arena_printf(arena, "%s/latest/api/token", origin);
	header.value = fetch(arena, "PUT", url, &header, deadline_ms, ret_why);
	if (header.value == NULL)
		return NULL;
	header.name = "X-aws-ec2-metadata-token";
	url = arena_printf(arena, "%s" MACHINE_ROLES, origin);
	role = fetch(arena, "GET", url, &header, deadline_ms, ret_why);
	if (role == NULL)
		return NULL;
	url = arena_printf(arena, "%s%.*s", url, (int)strcspn(role, "\r\n"), role);
	return fetch(arena, "GET", url, &header, deadline_ms, ret_why);
}

static bool is_valid(const struct s3_credentials *credentials, int64_t for_s)
{
	return credentials->expires_us == TIME_INFINITY ||
	       (credentials->expires_us != TIME_MINUS_INFINITY &&
	        credentials->expires_us - clock_now_us() > for_s * 1000000);
}

static void refresh(struct s3_credentials *credentials, struct arena *arena, int64_t deadline_ms,
                    const char **ret_why)
{
	bool in_container = environment("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI") != NULL ||
	                    environment("AWS_CONTAINER_CREDENTIALS_FULL_URI") != NULL;
	const char *body;

	assert(!credentials->is_fixed && !credentials->is_fetching);
	credentials->is_fetching = true;
	body = in_container ? fetch_of_container(arena, deadline_ms, ret_why)
	                    : fetch_of_machine(arena, deadline_ms, ret_why);
	credentials->is_fetching = false;
	if (body == NULL || !keep_answer(credentials, body)) {
		credentials->fetch_after_ms = loop_now_ms() + RETRY_MS;
		if (body != NULL)
			*ret_why = "no credentials: the platform's answer is not understood";
	}
}

int s3_credentials_get(struct s3_credentials *credentials, struct arena *arena, int64_t deadline_ms,
                       struct sigv4_keys *ret, const char **ret_why)
{
	*ret_why = "no credentials: another fetch of them has failed";
	while (credentials->is_fetching && !is_valid(credentials, 0) && loop_now_ms() < deadline_ms)
		co_sleep_ms(POLL_MS);
	if (!is_valid(credentials, REFRESH_S) && !credentials->is_fetching &&
	    loop_now_ms() >= credentials->fetch_after_ms)
		refresh(credentials, arena, deadline_ms, ret_why);
	if (!is_valid(credentials, 0))
		return -EACCES;
	*ret = (struct sigv4_keys){
	    .access_key = arena_strdup(arena, credentials->access_key),
	    .secret_key = arena_strdup(arena, credentials->secret_key),
	    .session_token = credentials->session_token == NULL
	                         ? NULL
	                         : arena_strdup(arena, credentials->session_token),
	};
	return 0;
}
