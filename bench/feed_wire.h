/*
 * feed_wire: connections of the feed's load generators. They never block, so that one process has
 * very many; epoll tells of them edge by edge (EPOLLIN | EPOLLOUT | EPOLLET), one registration
 * each.
 */
#ifndef SEBEZ_BENCH_FEED_WIRE_H
#define SEBEZ_BENCH_FEED_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct wire {
	int fd; /* -1: there is none */
	bool ready;
	void *tls;
	char *kept; /* the part of an answer that has come */
	size_t length;
};

struct wire_answer {
	int status;
	const char *head, *body; /* zero-terminated; until the next call of any wire */
};

enum wire_state { WIRE_WAITS, WIRE_READY, WIRE_BROKEN };

_Noreturn void wire_die(const char *program, const char *what);
int64_t wire_now_ns(void);

/* As many descriptors as the hard limit allows. With tls, every connection speaks it. */
void wire_start(int port, bool tls);

/* From one of eight addresses 127.0.0.x, so that ports suffice. */
enum wire_state wire_open(struct wire *wire, int epoll_fd, uint32_t index);

/* After an event, while it is not ready. */
enum wire_state wire_step(struct wire *wire);

bool wire_write(struct wire *wire, const char *text, size_t length);

/* READY: there is an answer; WAITS: not all of it is there. */
enum wire_state wire_read(struct wire *wire, struct wire_answer *ret);

void wire_close(struct wire *wire);

#endif
