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
#include "media/examine.h"

static const char HELP[] =
    "sebez-media-worker is started by sebez, with a socket as descriptor 0.\n";

static enum media_failure examine_memory(const struct media_request *request, int original)
{
	enum media_failure failure;
	const uint8_t *bytes;

	if (request->bytes == 0)
		return MEDIA_EMPTY;
	bytes = mmap(NULL, request->bytes, PROT_READ, MAP_PRIVATE, original, 0);
	if (bytes == MAP_FAILED)
		return MEDIA_TOO_COMPLEX;
	failure = examine(request, bytes);
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
	failure = examine_memory(&request, original);
	close(original);
	answer_end(&request, failure, pictures == LIMIT_MEDIA_WORKER_PICTURES);
	return true;
}

int main(int count, char **arguments)
{
	if (count != 1) {
		bool help = strcmp(arguments[1], "--help") == 0;

		fputs(HELP, help ? stdout : stderr);
		return help ? EXIT_SUCCESS : 2;
	}
	close_range(MEDIA_SOCKET + 3, ~0U, 0);
	answer_ready(false);
	for (unsigned pictures = 1; pictures <= LIMIT_MEDIA_WORKER_PICTURES; pictures++)
		if (!serve_request(pictures))
			break;
	return EXIT_SUCCESS;
}
