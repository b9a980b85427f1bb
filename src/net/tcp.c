#include "net/tcp.h"

#include <linux/sockios.h>
#include <linux/tcp.h> /* the C library's lacks tcpi_bytes_received */
#include <netinet/in.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

static bool received(int fd, uint64_t *ret)
{
	struct tcp_info info;
	socklen_t size = sizeof(info);

	if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) < 0 ||
	    size < offsetof(struct tcp_info, tcpi_bytes_received) + sizeof(*ret))
		return false;
	*ret = info.tcpi_bytes_received;
	return true;
}

static bool waiting(int fd, uint64_t *ret)
{
	int count;

	if (ioctl(fd, SIOCINQ, &count) < 0 || count < 0)
		return false;
	*ret = (uint64_t)count;
	return true;
}

bool tcp_taken_at_least(int fd, uint64_t *ret)
{
	uint64_t all, unread;

	if (!received(fd, &all) || !waiting(fd, &unread))
		return false;
	*ret = all > unread ? all - unread : 0;
	return true;
}

bool tcp_taken_at_most(int fd, uint64_t *ret)
{
	uint64_t all, unread;

	if (!waiting(fd, &unread) || !received(fd, &all))
		return false;
	*ret = all > unread ? all - unread : 0;
	return true;
}
