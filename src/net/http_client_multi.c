#include <assert.h>
#include <stdlib.h>
#include <uv.h>

#include "base/limits.h"
#include "net/http_client_internal.h"
#include "net/loop.h"

struct http_multi {
	CURLM *curl;
	uv_timer_t timer;
	http_multi_done_fn *done;
};

/* A socket of libcurl, watched by libuv while libcurl asks for it. */
struct watch {
	uv_poll_t poll;
	struct http_multi *multi;
	curl_socket_t fd;
};

static void collect(struct http_multi *multi)
{
	const CURLMsg *message;
	int left;

	while ((message = curl_multi_info_read(multi->curl, &left)) != NULL) {
		if (message->msg == CURLMSG_DONE)
			multi->done(message->easy_handle, message->data.result);
	}
}

static void act(struct http_multi *multi, curl_socket_t fd, int events)
{
	int running;

	assert(co_self() == NULL); /* libcurl and OpenSSL need the loop's large stack */
	CURLMcode code = curl_multi_socket_action(multi->curl, fd, events, &running);

	assert(code == CURLM_OK);
	collect(multi);
}

static void on_timer(uv_timer_t *timer)
{
	act(timer->data, CURL_SOCKET_TIMEOUT, 0);
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
	const struct watch *watch = poll->data;
	int happened = ((events & UV_READABLE) != 0 ? CURL_CSELECT_IN : 0) |
	               ((events & UV_WRITABLE) != 0 ? CURL_CSELECT_OUT : 0) |
	               (status < 0 ? CURL_CSELECT_ERR : 0);

	act(watch->multi, watch->fd, happened);
}

/* When libcurl wants to be called without an event; -1: not at all. */
static int set_timer(CURLM *curl, long delay_ms, void *arg)
{
	struct http_multi *multi = arg;

	(void)curl;
	if (delay_ms < 0)
		(void)uv_timer_stop(&multi->timer);
	else
		(void)uv_timer_start(&multi->timer, on_timer, (uint64_t)delay_ms, 0);
	return 0;
}

static struct watch *watch_new(struct http_multi *multi, curl_socket_t fd)
{
	struct watch *watch = calloc(1, sizeof(*watch));

	assert(watch != NULL);
	*watch = (struct watch){.multi = multi, .fd = fd};
	int rc = uv_poll_init(loop_uv(), &watch->poll, fd);

	assert(rc == 0); /* an open socket that nobody else watches */
	watch->poll.data = watch;
	(void)curl_multi_assign(multi->curl, fd, watch);
	return watch;
}

static void free_watch(uv_handle_t *handle)
{
	free(handle->data);
}

static int set_watch(CURL *easy, curl_socket_t fd, int what, void *arg, void *of_socket)
{
	struct http_multi *multi = arg;
	struct watch *watch = of_socket;

	(void)easy;
	assert(watch == NULL || (watch->multi == multi && watch->fd == fd));
	if (what == CURL_POLL_REMOVE) {
		if (watch != NULL) {
			(void)curl_multi_assign(multi->curl, fd, NULL);
			uv_close((uv_handle_t *)&watch->poll, free_watch);
		}
		return 0;
	}
	if (watch == NULL)
		watch = watch_new(multi, fd);
	int events = ((what & CURL_POLL_IN) != 0 ? UV_READABLE : 0) |
	             ((what & CURL_POLL_OUT) != 0 ? UV_WRITABLE : 0);
	int rc = uv_poll_start(&watch->poll, events, on_poll);

	assert(rc == 0);
	return 0;
}

struct http_multi *http_multi_open(http_multi_done_fn *done)
{
	struct http_multi *multi = calloc(1, sizeof(*multi));
	CURLM *curl = multi != NULL ? curl_multi_init() : NULL;

	if (curl == NULL) {
		free(multi);
		return NULL;
	}
	*multi = (struct http_multi){.curl = curl, .done = done};
	(void)uv_timer_init(loop_uv(), &multi->timer);
	multi->timer.data = multi;
	(void)curl_multi_setopt(curl, CURLMOPT_SOCKETFUNCTION, set_watch);
	(void)curl_multi_setopt(curl, CURLMOPT_SOCKETDATA, multi);
	(void)curl_multi_setopt(curl, CURLMOPT_TIMERFUNCTION, set_timer);
	(void)curl_multi_setopt(curl, CURLMOPT_TIMERDATA, multi);
	(void)curl_multi_setopt(curl, CURLMOPT_MAX_TOTAL_CONNECTIONS,
	                        (long)LIMIT_CLIENT_CONNECTIONS);
	(void)curl_multi_setopt(curl, CURLMOPT_MAX_HOST_CONNECTIONS,
	                        (long)LIMIT_CLIENT_HOST_CONNECTIONS);
	(void)curl_multi_setopt(curl, CURLMOPT_MAXCONNECTS, (long)LIMIT_CLIENT_CONNECTIONS);
	(void)curl_multi_setopt(curl, CURLMOPT_MAX_CONCURRENT_STREAMS, (long)LIMIT_CLIENT_STREAMS);
	return multi;
}

static void free_multi(uv_handle_t *timer)
{
	free(timer->data);
}

void http_multi_close(struct http_multi *multi)
{
	if (multi == NULL)
		return;
	CURLMcode code = curl_multi_cleanup(multi->curl);

	assert(code == CURLM_OK);
	uv_close((uv_handle_t *)&multi->timer, free_multi);
}

bool http_multi_add(struct http_multi *multi, CURL *easy)
{
	return curl_multi_add_handle(multi->curl, easy) == CURLM_OK;
}

void http_multi_remove(struct http_multi *multi, CURL *easy)
{
	(void)curl_multi_remove_handle(multi->curl, easy);
}
