#include <assert.h>
#include <errno.h>
#include <sodium.h>
#include <string.h>

#include "base/backoff.h"
#include "base/clock.h"
#include "base/codec.h"
#include "net/co.h"
#include "net/loop.h"
#include "store/bucket.h"
#include "store/s3_internal.h"

enum {
	ATTEMPTS_MAX = 4,
	ATTEMPT_MS = 30 * 1000, /* 16 MB at 0.5 MB a second */
	BACKOFF_FIRST_MS = 100,
	BACKOFF_MAX_MS = 2000,
	SIGNED_HEADERS_MAX = 4,
};

/* What an attempt means for the next one. */
enum verdict { DONE, RETRY, FAILED };

struct attempt {
	enum verdict verdict;
	int rc;
	const char *why; /* unless it is done */
};

static const char *path_of(const struct s3 *s3, struct arena *arena, const char *key)
{
	return arena_printf(arena, "%s%s", s3->prefix, key);
}

static struct sigv4_call signed_call(const struct s3 *s3, struct arena *arena,
                                     const struct s3_call *call)
{
	uint8_t hash[crypto_hash_sha256_BYTES];
	char *hex = arena_alloc(arena, SIGV4_SHA256_LENGTH + 1);

	crypto_hash_sha256(hash, call->body, call->body_length);
	hex_encode(hash, sizeof(hash), hex);
	return (struct sigv4_call){
	    .method = call->method,
	    .region = s3->settings->region,
	    .host = strstr(s3->origin, "://") + 3,
	    .path = path_of(s3, arena, call->key),
	    .query = call->query,
	    .query_count = call->query_count,
	    .headers = call->headers,
	    .header_count = call->header_count,
	    .payload_sha256 = hex,
	    .at_us = clock_now_us(),
	};
}

static int send_once(const struct s3 *s3, struct arena *arena, const struct s3_call *call,
                     const struct sigv4_keys *keys, int64_t deadline_ms,
                     struct http_client_response *ret)
{
	struct sigv4_call to_sign = signed_call(s3, arena, call);
	struct sigv4_signed signature = sigv4_sign(arena, keys, &to_sign);
	struct http_header headers[SIGV4_PAIRS_MAX + SIGNED_HEADERS_MAX];
	size_t count = 0;

	assert(call->header_count <= SIGV4_PAIRS_MAX);
	for (; count < call->header_count; count++)
		headers[count] =
		    (struct http_header){call->headers[count].name, call->headers[count].value};
	headers[count++] = (struct http_header){"Authorization", signature.authorization};
	headers[count++] = (struct http_header){"X-Amz-Date", signature.amz_date};
	headers[count++] =
	    (struct http_header){"X-Amz-Content-Sha256", signature.amz_content_sha256};
	if (signature.amz_security_token != NULL)
		headers[count++] =
		    (struct http_header){"X-Amz-Security-Token", signature.amz_security_token};
	return http_client_send(
	    arena,
	    &(struct http_client_request){
	        .method = call->method,
	        .url = arena_printf(arena, "%s%s", s3->origin, signature.target),
	        .headers = headers,
	        .header_count = count,
	        .body = call->body,
	        .body_length = call->body_length,
	        .body_max = call->body_max > S3_ANSWER_BYTES ? call->body_max : S3_ANSWER_BYTES,
	        .trusted = true,
	    },
	    deadline_ms, ret);
}

/* A 404 of something in between does not mean that an object is gone. */
static bool is_gone(const struct s3_call *call, int status, const char *code)
{
	if (status != 404)
		return false;
	if (strcmp(call->method, "DELETE") == 0)
		return strcmp(code, "NoSuchKey") == 0 || strcmp(code, "NoSuchUpload") == 0;
	if (strcmp(call->method, "GET") == 0 && call->key[0] != '\0')
		return strcmp(code, "NoSuchKey") == 0;
	return strcmp(code, "NoSuchBucket") != 0;
}

/* S3's error codes: "Error responses" in the reference of its API. */
static struct attempt judge(struct s3 *s3, struct arena *arena, const struct s3_call *call, int rc,
                            const struct http_client_response *response)
{
	int status = response->status;
	const char *code;
	bool passes;

	if (rc < 0)
		return (struct attempt){
		    rc == -EINVAL || rc == -EKEYREJECTED || rc == -ENOMEM ? FAILED : RETRY,
		    rc == -EINVAL || rc == -EKEYREJECTED ? -EIO : -EAGAIN, response->error};
	code =
	    status < 300 ? NULL : s3_xml_text(arena, response->body, response->body_length, "Code");
	if (code == NULL)
		code = "";
	if ((status >= 200 && status < 300) || status == 304 || status == 416 ||
	    is_gone(call, status, code))
		return (struct attempt){DONE, 0, NULL};
	if (strcmp(code, "ExpiredToken") == 0) {
		s3_credentials_expire(s3->credentials);
		return (struct attempt){RETRY, -EACCES, code};
	}
	/* RequestTimeout and SlowDown of other stores are 400 too. */
	passes = status >= 500 || status == 429 || (status == 404 && code[0] == '\0') ||
	         strcmp(code, "RequestTimeout") == 0 || strcmp(code, "SlowDown") == 0;
	code = arena_printf(arena, "S3 answered %d %s", status, code);
	if (status == 403 || status == 401)
		return (struct attempt){FAILED, -EACCES, code};
	return passes ? (struct attempt){RETRY, -EAGAIN, code}
	              : (struct attempt){FAILED, -EIO, code};
}

static enum object_access access_of(const struct s3_call *call)
{
	if (strcmp(call->method, "DELETE") == 0)
		return OBJECT_REMOVE;
	return strcmp(call->method, "PUT") == 0 || strcmp(call->method, "POST") == 0 ? OBJECT_WRITE
	                                                                             : OBJECT_READ;
}

int s3_nonsense(struct s3 *s3, const char *what)
{
	outage_on(&s3->outages[OBJECT_READ], "objects", what);
	return -EAGAIN;
}

int s3_send(struct s3 *s3, struct arena *arena, const struct s3_call *call, int64_t deadline_ms,
            struct http_client_response *ret)
{
	struct attempt attempt = {RETRY, -ETIMEDOUT, "the deadline had passed"};

	assert(call->key[0] == '\0' || bucket_key_is_valid(call->key));
	assert(call->body_length <= OBJECT_PIECE_BYTES);

	for (unsigned failures = 0; failures < ATTEMPTS_MAX; failures++) {
		int64_t end_ms = loop_now_ms() + ATTEMPT_MS;
		struct sigv4_keys keys;
		const char *why;
		int rc;

		if (failures > 0)
			co_sleep_ms(backoff_ms(failures - 1, BACKOFF_FIRST_MS, BACKOFF_MAX_MS,
			                       randombytes_random()));
		if (loop_now_ms() >= deadline_ms)
			break;
		if (s3_credentials_get(s3->credentials, arena, deadline_ms, &keys, &why) < 0) {
			attempt = (struct attempt){FAILED, -EACCES, why};
			break;
		}
		rc = send_once(s3, arena, call, &keys, end_ms < deadline_ms ? end_ms : deadline_ms,
		               ret);
		attempt = judge(s3, arena, call, rc, ret);
		if (attempt.verdict != RETRY)
			break;
	}
	if (attempt.verdict == DONE) {
		outage_over(&s3->outages[access_of(call)], "objects");
		return 0;
	}
	assert(attempt.rc < 0 && attempt.why != NULL);
	outage_on(&s3->outages[access_of(call)], "objects", attempt.why);
	return loop_now_ms() >= deadline_ms ? -ETIMEDOUT : attempt.rc;
}
