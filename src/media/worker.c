/* The program sebez-media-worker: examines pictures and files that anybody may have sent
 * (media/protocol.h). */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/limits.h"
#include "media/answer.h"
#include "media/codecs.h"
#include "media/examine.h"
#include "media/sandbox.h"

static const char HELP[] =
    "sebez-media-worker is started by sebez, with a socket as descriptor 0.\n";

static enum media_failure examine_memory(const struct media_request *request, int original)
{
	enum media_failure failure;
	const uint8_t *bytes;
	static const struct examine_sink ANSWERS = {answer_facts, answer_rendition};

	assert(request->bytes <= LIMIT_MEDIA_BYTES);
	if (request->bytes == 0)
		return MEDIA_EMPTY;
	bytes = mmap(NULL, request->bytes, PROT_READ, MAP_PRIVATE, original, 0);
	if (bytes == MAP_FAILED)
		return MEDIA_TOO_COMPLEX;
	failure = examine(request, bytes, &ANSWERS);
	munmap((void *)(uintptr_t)bytes, request->bytes);
	return failure;
}

/* False at the end of the socket. The process is trusted: what it sends wrongly is a defect. */
static bool serve_request(unsigned pictures)
{
	struct media_request request;
	int original = -1;
	int length = media_receive(MEDIA_SOCKET, &request, sizeof(request), &original);
	enum media_failure failure;

	if (length <= 0)
		return false;
	assert(media_request_valid(&request, (size_t)length));
	assert(media_is_memory(original, request.bytes));
	sandbox_deadline(request.deadline_ms);
	failure = examine_memory(&request, original);
	sandbox_deadline(0);
	close(original);
	answer_end(&request, failure, pictures == LIMIT_MEDIA_WORKER_PICTURES);
	return true;
}

static int not_started(const char *missing)
{
	fprintf(stderr, "sebez-media-worker: cannot start: %s\n", missing);
	return EXIT_FAILURE;
}

int main(int count, char **arguments)
{
	const char *missing;
	bool landlock;

	if (count != 1) {
		bool help = strcmp(arguments[1], "--help") == 0;

		fputs(HELP, help ? stdout : stderr);
		return help ? EXIT_SUCCESS : 2;
	}
	if (!sandbox_prepare(&landlock))
		return not_started("limits");
	if (!codecs_start(&missing))
		return not_started(missing);
	if (!sandbox_enter())
		return not_started("seccomp");
	answer_ready(landlock);
	for (unsigned pictures = 1; pictures <= LIMIT_MEDIA_WORKER_PICTURES; pictures++)
		if (!serve_request(pictures))
			break;
	/* Not exit(): what libraries do then is not allowed, and of no use. */
	_exit(EXIT_SUCCESS);
}
