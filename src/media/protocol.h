/*
 * protocol: what the media process and a worker (the program sebez-media-worker) say to each other.
 *
 * The process starts the program with descriptor 0 as its end of a SOCK_SEQPACKET socket pair; 1
 * and 2 may lead anywhere, 3 and up are closed. Environment and working folder are not used. Each
 * message is one struct and at most one descriptor (SCM_RIGHTS).
 *
 *   worker:  READY                                   once, inside the sandbox
 *   process: media_request + the original            a memfd with MEDIA_SEALS
 *   worker:  FACTS, RENDITION (each + a memfd with MEDIA_SEALS) …, DONE
 *        or  FAILED                                  at any point; what came before is void
 *
 * One request at a time. After DONE or FAILED with `replace` the worker exits with status 0, as it
 * does when the socket is closed. A worker that closes the socket without an answer met a picture
 * that it did not survive (memory, time, a system call that is not allowed): the failure is
 * MEDIA_TOO_COMPLEX. It ends itself deadline_ms after a request; the process, which distrusts it,
 * kills it some time later.
 *
 * Answers come from a program that has read hostile bytes: media_answer_valid() before any use, and
 * bytes of a rendition by pread(), within `bytes`.
 */
#ifndef SEBEZ_MEDIA_PROTOCOL_H
#define SEBEZ_MEDIA_PROTOCOL_H

#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MEDIA_WORKER_PROGRAM "sebez-media-worker" /* in the folder of the program sebez */

enum {
	MEDIA_PROTOCOL_VERSION = 1,
	MEDIA_SOCKET = 0, /* the worker's end */
	MEDIA_WIDTHS_MAX = 8,
	MEDIA_THUMBHASH_MAX = 25,
	MEDIA_SEALS = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE,
};

/* What the first bytes of a file are. */
enum media_type {
	MEDIA_TYPE_UNKNOWN,
	/* Pictures: decoded. */
	MEDIA_JPEG,
	MEDIA_PNG,
	MEDIA_WEBP,
	MEDIA_GIF,
	MEDIA_HEIC,
	MEDIA_AVIF,
	/* Files that are passed through: their structure is checked, nothing is decoded. */
	MEDIA_PDF,
	MEDIA_M4A,
	MEDIA_OGG,
	MEDIA_WEBM_AUDIO,
	MEDIA_MP3,
	MEDIA_MP4,
	MEDIA_WEBM,
	MEDIA_QUICKTIME,
	MEDIA_TYPE_COUNT
};

enum media_format { MEDIA_AS_JPEG, MEDIA_AS_WEBP, MEDIA_AS_AVIF, MEDIA_FORMAT_COUNT };

enum media_failure {
	MEDIA_EMPTY = 1,     /* no bytes */
	MEDIA_NOT_THIS_TYPE, /* none of the request's types, whatever was said */
	MEDIA_TOO_MANY_PIXELS,
	MEDIA_TOO_MANY_FRAMES,
	MEDIA_DAMAGED,     /* the structure is broken, or a part is missing */
	MEDIA_TOO_COMPLEX, /* valid, but it takes more memory or time than one picture gets */
	MEDIA_FAILURE_END
};

struct media_request {
	uint32_t version;
	uint32_t id;         /* repeated in the answers */
	uint64_t bytes;      /* of the original */
	uint32_t types;      /* MEDIA_SET of the types that the purpose allows */
	uint32_t formats;    /* MEDIA_SET of the formats of renditions; empty: facts only */
	uint32_t max_pixels; /* width times height */
	uint32_t max_frames;
	uint32_t deadline_ms;
	uint32_t widths_count;
	uint32_t widths[MEDIA_WIDTHS_MAX]; /* ascending */
};

#define MEDIA_SET(value) (UINT32_C(1) << (value))

enum media_answer_kind {
	MEDIA_ANSWER_READY = 1,
	MEDIA_ANSWER_FACTS,
	MEDIA_ANSWER_RENDITION, /* with its descriptor */
	MEDIA_ANSWER_DONE,
	MEDIA_ANSWER_FAILED,
	MEDIA_ANSWER_KIND_END
};

/* Of a file that is passed through only `type` is known; all else is 0. */
struct media_facts {
	uint32_t type;
	uint32_t width, height; /* the right way up, before scaling */
	uint32_t frames;        /* 1: not animated */
	uint32_t color;         /* the average, 0xRRGGBB */
	uint32_t thumbhash_length;
	uint8_t thumbhash[MEDIA_THUMBHASH_MAX + 7];
	/* Near duplicates differ in few bits. */
	uint64_t near_hash;
	/* What is made of it: the requested widths that are narrower than the picture, and the
	 * picture's own width or the largest that was requested. */
	uint32_t widths_count;
	uint32_t widths[MEDIA_WIDTHS_MAX];
};

struct media_rendition {
	uint32_t format;
	uint32_t width, height;
	uint32_t bytes;
};

struct media_answer {
	uint32_t version;
	uint32_t kind;
	uint32_t request;  /* 0 for READY */
	uint32_t failure;  /* of FAILED */
	uint32_t replace;  /* of DONE and FAILED: 1: it exits */
	uint32_t landlock; /* of READY: 1: the kernel has Landlock */
	struct media_rendition rendition;
	struct media_facts facts;
};

/* Where `length` bytes are a message that keeps to the rules above. */
bool media_request_valid(const struct media_request *request, size_t length);
bool media_answer_valid(const struct media_answer *answer, size_t length,
                        const struct media_request *request, bool has_descriptor);

/* fd -1: none. 0, or -errno; waits when the socket does. The descriptor stays the caller's. */
int media_send(int socket, const void *message, size_t length, int fd);

/* Bytes of one message, 0 at the end, or -errno (-EMSGSIZE: longer than capacity). *ret_fd is the
 * receiver's, with FD_CLOEXEC, or -1. */
int media_receive(int socket, void *message, size_t capacity, int *ret_fd);

/* Memory as the two hand it over: *ret_fd has `length` bytes and MEDIA_SEALS. 0, or -errno. */
int media_memory(const char *name, const void *bytes, size_t length, int *ret_fd);

/* Whether fd is such memory of exactly `length` bytes. */
bool media_is_memory(int fd, uint64_t length);

bool media_is_picture(uint32_t type);

#endif
