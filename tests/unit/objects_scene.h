/*
 * objects_scene: an object store for tests, in a folder or in an S3 that judges every signature
 * (s3_peer.py). It has 16 MB pieces, so the arena is large.
 */
#ifndef SEBEZ_TESTS_OBJECTS_SCENE_H
#define SEBEZ_TESTS_OBJECTS_SCENE_H

#include "fibers.h"
#include "store/objects.h"

enum { PATIENCE_MS = 60000 };

/* For cmocka's groups. */
int scene_open_folder(void **state);
int scene_close_folder(void **state);
int scene_open_s3(void **state);
int scene_close_s3(void **state);

#define SECRET                                                                                     \
	"00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff" /* of the folder */

extern char folder[64], endpoint[64];
extern struct arena *arena;
extern struct objects *objects;

int64_t soon(void); /* a deadline that is not met */
int put_text(const char *key, const char *text);
void expect_text(const char *key, const char *text);

/* Bytes that depend on their position, in pieces of uneven lengths. */
struct pattern {
	int64_t at, length;
	int error; /* returned at the end, instead of 0 */
};

long read_pattern(void *arg, char *bytes, size_t size); /* an object_read_fn */
void expect_pattern(const char *key, int64_t length);

#endif
