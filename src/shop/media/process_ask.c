#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "net/http_client.h"
#include "net/log.h"
#include "net/loop.h"
#include "shop/media/process_fetch.h"
#include "shop/media/purposes.h"

enum {
	FETCH_MS = 60 * 1000, /* of one picture, with its redirects */
	ETAG_BYTES = 500,
	URL_BYTES_MAX = 4096, /* that a redirect leads to: signed ones have some 1,500 */
};

static enum fetch_outcome failed(struct fetching *fetching, enum upload_failure_choice failure)
{
	fetching->failure = failure;
	return FETCH_FAILED;
}

static enum fetch_outcome again(struct fetching *fetching)
{
	fetching->failure = UPLOAD_FAILURE_UNREACHABLE;
	return FETCH_AGAIN;
}

static int take(void *arg, const char *bytes, size_t length)
{
	struct fetching *fetching = arg;

	crypto_hash_sha256_update(&fetching->hash, (const unsigned char *)bytes, length);
	fetching->bytes += (int64_t)length;
	while (length > 0) {
		ssize_t count = write(fetching->fd, bytes, length);

		if (count < 0 && errno != EINTR)
			return -ENOMEM;
		if (count > 0) {
			bytes += count;
			length -= (size_t)count;
		}
	}
	return 0;
}

static enum fetch_outcome judge_error(struct fetching *fetching, int rc)
{
	switch (rc) {
	case -EAGAIN: /* too many calls, no memory, or the process ends */
	case -ENOMEM:
	case -ECANCELED:
		return FETCH_LATER;
	case -EMSGSIZE:
		return failed(fetching, UPLOAD_FAILURE_TOO_LARGE);
	case -EACCES:
	case -EINVAL:
	case -ELOOP:
		return failed(fetching, UPLOAD_FAILURE_REFUSED);
	default:
		return again(fetching);
	}
}

static int32_t retry_after(const struct http_client_response *response)
{
	const char *value = http_client_header(response, "Retry-After");
	long seconds = value != NULL ? strtol(value, NULL, 10) : 0; /* of a date: 0 */

	return seconds < 0 ? 0 : seconds > FETCH_AGAIN_MAX_S ? FETCH_AGAIN_MAX_S : (int32_t)seconds;
}

/* As it is kept and sent again: visible ASCII. */
static const char *etag_of(struct arena *arena, const struct http_client_response *response)
{
	const char *etag = http_client_header(response, "ETag");

	if (etag == NULL || strlen(etag) > ETAG_BYTES)
		return NULL;
	for (const char *c = etag; *c != 0; c++)
		if ((unsigned char)*c < ' ' || (unsigned char)*c >= 0x7f)
			return NULL;
	return arena_strdup(arena, etag);
}

static enum fetch_outcome judge_bytes(struct fetching *fetching)
{
	const struct bytes *before = fetching->row->sha256;
	uint8_t sha256[SHA256_BYTES];

	crypto_hash_sha256_final(&fetching->hash, sha256);
	if (fetching->bytes == 0)
		return failed(fetching, UPLOAD_FAILURE_MISSING_BYTES);
	if (!*fetching->row->checks)
		return FETCH_GOOD;
	return before != NULL && memcmp(before->data, sha256, SHA256_BYTES) == 0 ? FETCH_UNCHANGED
	                                                                         : FETCH_CHANGED;
}

static enum fetch_outcome judge_status(struct fetching *fetching, int status)
{
	if (status == 200)
		return judge_bytes(fetching);
	if (status == 304 && *fetching->row->checks)
		return FETCH_UNCHANGED;
	if (status == 404 || status == 410)
		return failed(fetching, UPLOAD_FAILURE_NOT_FOUND);
	if (status != 408 && status != 425 && status != 429 && status < 500)
		return failed(fetching, UPLOAD_FAILURE_REFUSED);
	return again(fetching);
}

static enum fetch_outcome judge_answer(struct fetching *fetching,
                                       const struct http_client_response *response)
{
	enum fetch_outcome outcome = judge_status(fetching, response->status);
	bool was_led = fetching->row->turned_url != NULL;

	fetching->status = response->status;
	fetching->etag = etag_of(fetching->task.arena, response);
	if (outcome == FETCH_AGAIN)
		fetching->after_s = retry_after(response);
	/* Addresses that others lead to are often good for minutes only. */
	return outcome == FETCH_FAILED && was_led && response->status != 200 ? FETCH_ANEW : outcome;
}

static int call(struct fetching *fetching, int64_t deadline_ms,
                struct http_client_response *ret_response)
{
	const struct upload_fetch_claim_row *row = fetching->row;
	struct http_header headers[] = {{"Accept", "image/*"}, {"If-None-Match", row->etag}};
	bool asks_whether_changed = *row->checks && row->etag != NULL && !fetching->left;
	int rc = http_client_send(
	    fetching->task.arena,
	    &(struct http_client_request){
	        .url = fetching->url,
	        .headers = headers,
	        .header_count = asks_whether_changed ? 2 : 1,
	        .body_max = (size_t)purpose_of(UPLOAD_PURPOSE_PRODUCT_IMAGE)->image_bytes_max,
	        .take = take,
	        .take_arg = fetching,
	    },
	    deadline_ms, ret_response);

	LOG_DEBUG("a picture was asked for", log_str("url", fetching->url),
	          log_int("status", ret_response->status), log_str("error", ret_response->error));
	return rc;
}

/* As it is kept until the turn of its host. */
static bool may_be_kept(const char *url)
{
	for (const char *c = url; *c != 0; c++)
		if (*c <= ' ' || *c >= 0x7f)
			return false;
	return strlen(url) <= URL_BYTES_MAX;
}

/* The next URL is that of the redirect, once its host may be asked. */
static enum fetch_outcome follow(struct fetching *fetching,
                                 const struct http_client_redirect *redirect)
{
	if (!may_be_kept(redirect->url))
		return failed(fetching, UPLOAD_FAILURE_REFUSED);
	fetching->url = redirect->url;
	fetching->left = fetching->left || redirect->leaves;
	fetching->failure = UPLOAD_FAILURE_REFUSED; /* if it waits too often */
	if (!fetch_turn(fetching, redirect->host))
		return FETCH_WAITS;
	if (strcmp(redirect->host, fetching->host) != 0)
		sql_fetch_host_answers(db_of(&fetching->task), fetching->host);
	fetching->host = redirect->host;
	return FETCH_GOOD;
}

enum fetch_outcome fetch_ask(struct fetching *fetching)
{
	int64_t deadline_ms = loop_now_ms() + FETCH_MS;
	struct http_client_redirect redirect = {0};
	struct http_client_response response;
	enum fetch_outcome outcome = FETCH_GOOD;

	assert(fetching->url != NULL && fetching->fd == -1);
	fetching->fd = memfd_create("fetched", MFD_CLOEXEC);
	if (fetching->fd < 0)
		return FETCH_LATER;
	crypto_hash_sha256_init(&fetching->hash);
	for (int turns = 0; outcome == FETCH_GOOD; turns++) {
		int rc = call(fetching, deadline_ms, &response);

		if (rc == 0)
			rc = http_client_redirect(fetching->task.arena, fetching->url, &response,
			                          &redirect);
		if (rc == 0 && redirect.url != NULL && turns == LIMIT_CLIENT_REDIRECTS)
			rc = -ELOOP;
		if (rc < 0)
			return judge_error(fetching, rc);
		if (redirect.url == NULL)
			return judge_answer(fetching, &response);
		outcome = follow(fetching, &redirect);
	}
	return outcome;
}
