#include "media/answer.h"

#include <assert.h>
#include <stdlib.h>
#include <unistd.h>

static void send_answer(struct media_answer *answer, const struct media_request *request, int fd)
{
	assert(answer->kind > 0 && answer->kind < MEDIA_ANSWER_KIND_END);
	assert((fd >= 0) == (answer->kind == MEDIA_ANSWER_RENDITION));
	answer->version = MEDIA_PROTOCOL_VERSION;
	answer->request = request == NULL ? 0 : request->id;
	if (media_send(MEDIA_SOCKET, answer, sizeof(*answer), fd) != 0)
		_exit(EXIT_SUCCESS);
}

void answer_ready(bool landlock)
{
	send_answer(&(struct media_answer){.kind = MEDIA_ANSWER_READY, .landlock = landlock}, NULL,
	            -1);
}

void answer_facts(const struct media_request *request, const struct media_facts *facts)
{
	send_answer(&(struct media_answer){.kind = MEDIA_ANSWER_FACTS, .facts = *facts}, request,
	            -1);
}

void answer_rendition(const struct media_request *request, const struct media_rendition *rendition,
                      const void *bytes)
{
	int fd;

	assert(rendition->format < MEDIA_FORMAT_COUNT && rendition->bytes > 0);
	assert(rendition->width > 0 && rendition->height > 0);
	if (media_memory("rendition", bytes, rendition->bytes, &fd) != 0)
		_exit(EXIT_FAILURE); /* out of memory */
	send_answer(&(struct media_answer){.kind = MEDIA_ANSWER_RENDITION, .rendition = *rendition},
	            request, fd);
	close(fd);
}

void answer_end(const struct media_request *request, enum media_failure failure, bool replace)
{
	assert(failure < MEDIA_FAILURE_END);
	send_answer(
	    &(struct media_answer){.kind = failure == 0 ? MEDIA_ANSWER_DONE : MEDIA_ANSWER_FAILED,
	                           .failure = failure,
	                           .replace = replace},
	    request, -1);
}
