#include "node/media_examine.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "net/log.h"
#include "net/loop.h"

enum {
	START_MS = 20 * 1000, /* loading libvips on a busy machine */
	GRACE_MS = 5 * 1000,  /* beyond the deadline at which a worker ends itself */
};

void media_examine_end(struct media_examiner *examiner)
{
	if (examiner->worker != NULL)
		(void)media_worker_end(examiner->worker);
	examiner->worker = NULL;
}

static int have_worker(struct media_examiner *examiner)
{
	struct media_answer answer;
	int fd, rc;

	if (examiner->worker != NULL)
		return 0;
	rc = media_worker_start(&examiner->worker);
	if (rc == 0)
		rc = media_worker_receive(examiner->worker, NULL, loop_now_ms() + START_MS, &answer,
		                          &fd);
	if (rc == 0)
		return 0;
	LOG_ERROR("a worker for images does not start", log_str("reason", strerror(-rc)));
	media_examine_end(examiner);
	return rc == -ECHILD ? -EIO : rc;
}

/* Takes answers until the file is done. */
static int take_answers(struct media_examiner *examiner, const struct media_request *request,
                        struct media_examined *ret, bool *ret_replace)
{
	int64_t deadline_ms = loop_now_ms() + request->deadline_ms + GRACE_MS;
	struct media_answer answer;
	int fd, rc;

	for (;;) {
		rc = media_worker_receive(examiner->worker, request, deadline_ms, &answer, &fd);
		if (rc < 0)
			return rc;
		switch (answer.kind) {
		case MEDIA_ANSWER_FACTS:
			ret->facts = answer.facts;
			break;
		case MEDIA_ANSWER_RENDITION:
			if (ret->count == MEDIA_MADE_MAX) {
				close(fd);
				return -EBADMSG;
			}
			ret->made[ret->count].what = answer.rendition;
			ret->made[ret->count++].fd = fd;
			break;
		case MEDIA_ANSWER_FAILED:
			ret->failure = (enum media_failure)answer.failure;
			*ret_replace = answer.replace != 0;
			return 0;
		default:
			assert(answer.kind == MEDIA_ANSWER_DONE); /* media_answer_valid() */
			*ret_replace = answer.replace != 0;
			/* MEDIA_TYPE_UNKNOWN: it sent no facts. */
			return ret->facts.type == MEDIA_TYPE_UNKNOWN ? -EBADMSG : 0;
		}
	}
}

/* Why a worker gave no answer. It ends itself when a file takes too much; a kill from outside says
 * nothing about the file, so that another worker may try. */
static int judge_end(struct media_examiner *examiner, int rc, int64_t took_ms,
                     const struct media_request *request, struct media_examined *ret)
{
	int status = media_worker_end(examiner->worker);
	bool was_killed = rc == -EPIPE && took_ms < request->deadline_ms && WIFSIGNALED(status) &&
	                  WTERMSIG(status) == SIGKILL;

	examiner->worker = NULL;
	(*examiner->killed)++;
	LOG_WARNING("a worker for images ended before its time",
	            log_str("with", WIFSIGNALED(status) ? "signal" : "status"),
	            log_int("number", WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status)),
	            log_str("reason", strerror(-rc)), log_int("after_ms", took_ms));
	ret->failure = was_killed ? 0 : MEDIA_TOO_COMPLEX;
	return was_killed ? -ECHILD : 0;
}

int media_examine(void *arg, const struct media_request *request, int original,
                  struct media_examined *ret)
{
	struct media_examiner *examiner = arg;
	struct media_request numbered = *request;
	int64_t began_ms;
	bool replace = false;
	int rc = have_worker(examiner);

	if (rc < 0)
		return rc;
	numbered.id = ++examiner->requests;
	assert(media_request_valid(&numbered, sizeof(numbered)));
	rc = media_worker_send(examiner->worker, &numbered, original);
	if (rc < 0) { /* it died while it was idle */
		media_examine_end(examiner);
		return -ECHILD;
	}
	began_ms = loop_now_ms();
	rc = take_answers(examiner, &numbered, ret, &replace);
	examiner->used_ms = loop_now_ms();
	if (rc < 0)
		return judge_end(examiner, rc, loop_now_ms() - began_ms, request, ret);
	if (replace)
		media_examine_end(examiner);
	return 0;
}
