#include "media/protocol.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/limits.h"

bool media_is_picture(uint32_t type)
{
	return type >= MEDIA_JPEG && type <= MEDIA_AVIF;
}

static bool widths_valid(uint32_t count, const uint32_t widths[])
{
	if (count > MEDIA_WIDTHS_MAX)
		return false;
	for (uint32_t i = 0; i < count; i++)
		if (widths[i] == 0 || widths[i] > LIMIT_MEDIA_WIDTH ||
		    (i > 0 && widths[i] <= widths[i - 1]))
			return false;
	return true;
}

bool media_request_valid(const struct media_request *request, size_t length)
{
	return length == sizeof(*request) && request->version == MEDIA_PROTOCOL_VERSION &&
	       request->bytes <= LIMIT_MEDIA_BYTES &&
	       request->types < MEDIA_SET(MEDIA_TYPE_COUNT) &&
	       request->types > MEDIA_SET(MEDIA_TYPE_UNKNOWN) &&
	       request->formats < MEDIA_SET(MEDIA_FORMAT_COUNT) && request->max_pixels > 0 &&
	       request->max_pixels <= LIMIT_MEDIA_PIXELS && request->max_frames > 0 &&
	       request->deadline_ms > 0 && request->widths_count > 0 &&
	       widths_valid(request->widths_count, request->widths);
}

static bool facts_valid(const struct media_facts *facts, const struct media_request *request)
{
	if (facts->type >= MEDIA_TYPE_COUNT || (MEDIA_SET(facts->type) & request->types) == 0)
		return false;
	if (!media_is_picture(facts->type))
		return facts->widths_count == 0 && facts->thumbhash_length == 0;
	return facts->width > 0 && facts->height > 0 &&
	       (uint64_t)facts->width * facts->height <= request->max_pixels && facts->frames > 0 &&
	       facts->frames <= request->max_frames && facts->color <= 0xffffff &&
	       facts->thumbhash_length > 0 && facts->thumbhash_length <= MEDIA_THUMBHASH_MAX &&
	       facts->widths_count > 0 && facts->widths_count <= request->widths_count &&
	       widths_valid(facts->widths_count, facts->widths) &&
	       facts->widths[facts->widths_count - 1] <= facts->width;
}

static bool rendition_valid(const struct media_rendition *rendition,
                            const struct media_request *request)
{
	return rendition->format < MEDIA_FORMAT_COUNT &&
	       (MEDIA_SET(rendition->format) & request->formats) != 0 && rendition->width > 0 &&
	       rendition->width <= request->widths[request->widths_count - 1] &&
	       rendition->height > 0 && rendition->height <= LIMIT_MEDIA_HEIGHT &&
	       rendition->bytes > 0 && rendition->bytes <= LIMIT_MEDIA_RENDITION_BYTES;
}

bool media_answer_valid(const struct media_answer *answer, size_t length,
                        const struct media_request *request, bool has_descriptor)
{
	if (length != sizeof(*answer) || answer->version != MEDIA_PROTOCOL_VERSION ||
	    answer->replace > 1 || has_descriptor != (answer->kind == MEDIA_ANSWER_RENDITION))
		return false;
	if (request == NULL)
		return answer->kind == MEDIA_ANSWER_READY && answer->request == 0 &&
		       answer->landlock <= 1;
	if (answer->request != request->id)
		return false;
	switch (answer->kind) {
	case MEDIA_ANSWER_FACTS:
		return facts_valid(&answer->facts, request);
	case MEDIA_ANSWER_RENDITION:
		return rendition_valid(&answer->rendition, request);
	case MEDIA_ANSWER_DONE:
		return true;
	case MEDIA_ANSWER_FAILED:
		return answer->failure > 0 && answer->failure < MEDIA_FAILURE_END;
	default:
		return false;
	}
}

int media_send(int socket, const void *message, size_t length, int fd)
{
	struct iovec bytes = {.iov_base = (void *)(uintptr_t)message, .iov_len = length};
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(fd))] = {0};
	struct msghdr header = {.msg_iov = &bytes, .msg_iovlen = 1};
	ssize_t sent;

	assert(length > 0);
	if (fd >= 0) {
		struct cmsghdr *rights;

		header.msg_control = control;
		header.msg_controllen = sizeof(control);
		rights = CMSG_FIRSTHDR(&header);
		rights->cmsg_level = SOL_SOCKET;
		rights->cmsg_type = SCM_RIGHTS;
		rights->cmsg_len = CMSG_LEN(sizeof(fd));
		memcpy(CMSG_DATA(rights), &fd, sizeof(fd));
	}
	do
		sent = sendmsg(socket, &header, MSG_NOSIGNAL);
	while (sent < 0 && errno == EINTR);
	if (sent < 0)
		return -errno;
	assert((size_t)sent == length); /* SOCK_SEQPACKET sends a message whole */
	return 0;
}

int media_receive(int socket, void *message, size_t capacity, int *ret_fd)
{
	struct iovec bytes = {.iov_base = message, .iov_len = capacity};
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int))];
	struct msghdr header = {.msg_iov = &bytes,
	                        .msg_iovlen = 1,
	                        .msg_control = control,
	                        .msg_controllen = sizeof(control)};
	const struct cmsghdr *rights;
	ssize_t received;
	int fd = -1;

	do
		received = recvmsg(socket, &header, MSG_CMSG_CLOEXEC);
	while (received < 0 && errno == EINTR);
	if (received < 0)
		return -errno;
	assert((size_t)received <= capacity);
	/* The kernel closes the descriptors that have no room in `control`. */
	rights = CMSG_FIRSTHDR(&header);
	if (rights != NULL && rights->cmsg_level == SOL_SOCKET && rights->cmsg_type == SCM_RIGHTS)
		memcpy(&fd, CMSG_DATA(rights), sizeof(fd));
	if ((header.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0) {
		if (fd >= 0)
			close(fd);
		return -EMSGSIZE;
	}
	*ret_fd = fd;
	return (int)received;
}

/* Through a mapping: the worker may not write(). */
static int fill(int fd, const void *bytes, size_t length)
{
	void *memory;

	if (ftruncate(fd, (off_t)length) != 0)
		return -errno;
	if (length == 0)
		return 0;
	memory = mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (memory == MAP_FAILED)
		return -errno;
	memcpy(memory, bytes, length);
	munmap(memory, length);
	return 0;
}

int media_memory(const char *name, const void *bytes, size_t length, int *ret_fd)
{
	int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
	int status;

	if (fd < 0)
		return -errno;
	status = fill(fd, bytes, length);
	if (status == 0 && fcntl(fd, F_ADD_SEALS, MEDIA_SEALS) != 0)
		status = -errno;
	if (status != 0) {
		close(fd);
		return status;
	}
	assert(media_is_memory(fd, length));
	*ret_fd = fd;
	return 0;
}

bool media_is_memory(int fd, uint64_t length)
{
	/* Not fstat(), which is newfstatat() to the kernel and takes a path, too. */
	return fd >= 0 && fcntl(fd, F_GET_SEALS) == MEDIA_SEALS &&
	       lseek(fd, 0, SEEK_END) == (off_t)length;
}
