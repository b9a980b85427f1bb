#include "unit.h"

#include "net/http_client.h"
#include "objects_scene.h"
#include "python_peer.h"

static struct python_peer peer;

char folder[64], endpoint[64];
struct arena *arena;
struct objects *objects;

int64_t soon(void)
{
	return loop_now_ms() + PATIENCE_MS;
}

int put_text(const char *key, const char *text)
{
	return objects_put(objects, key, text, strlen(text), soon());
}

void expect_text(const char *key, const char *text)
{
	struct object_piece piece;

	assert_int_equal(objects_get(objects, arena, key, 0, 1000, soon(), &piece), 0);
	assert_int_equal(piece.length, strlen(text));
	assert_memory_equal(piece.bytes, text, piece.length);
	assert_int_equal(piece.total, strlen(text));
}

static char pattern_byte(int64_t at)
{
	return (char)((at * 2654435761u) >> 24);
}

long read_pattern(void *arg, char *bytes, size_t size)
{
	struct pattern *pattern = arg;
	size_t count = (size_t)random_between(1, 1000000);

	if (count > size)
		count = size;
	if ((int64_t)count > pattern->length - pattern->at)
		count = (size_t)(pattern->length - pattern->at);
	for (size_t i = 0; i < count; i++)
		bytes[i] = pattern_byte(pattern->at++);
	return count == 0 ? pattern->error : (long)count;
}

void expect_pattern(const char *key, int64_t length)
{
	int64_t at = 0;

	while (at < length) {
		struct object_piece piece;

		assert_int_equal(
		    objects_get(objects, arena, key, at, OBJECT_PIECE_BYTES, soon(), &piece), 0);
		assert_int_equal(piece.total, length);
		assert_true(piece.length > 0);
		for (size_t i = 0; i < piece.length; i++, at++)
			if (piece.bytes[i] != pattern_byte(at))
				fail_msg("byte %lld differs", (long long)at);
	}
}

int scene_open_folder(void **state)
{
	static struct objects_settings settings = {
	    .secret = SECRET, .secret_previous = "", .public_url = ""};

	snprintf(folder, sizeof(folder), "/tmp/test_objects.XXXXXX");
	assert_non_null(mkdtemp(folder));
	settings.folder = folder;
	arena = arena_new(256 * 1024 * 1024, NULL, NULL);
	return objects_open(&settings, &objects);
}

int scene_close_folder(void **state)
{
	char command[128];

	objects_close(objects);
	arena_free(arena);
	snprintf(command, sizeof(command), "rm -r %s", folder);
	return system(command);
}

int scene_open_s3(void **state)
{
	static struct objects_settings settings = {.where = OBJECTS_IN_S3,
	                                           .bucket = "shop",
	                                           .public_endpoint = "",
	                                           .region = "eu-central-1",
	                                           .access_key = "fixed",
	                                           .secret_key = "fixed-secret",
	                                           .encryption = "AES256",
	                                           .public_url = "",
	                                           .path_style = true};
	int port;

	peer = python_peer_start(S3_PEER);
	assert_int_equal(fscanf(peer.output, "%d", &port), 1);
	snprintf(endpoint, sizeof(endpoint), "http://127.0.0.1:%d", port);
	settings.endpoint = endpoint;
	arena = arena_new(256 * 1024 * 1024, NULL, NULL);
	assert_int_equal(http_client_start(&(struct http_client_options){0}), 0);
	return objects_open(&settings, &objects);
}

int scene_close_s3(void **state)
{
	objects_close(objects);
	arena_free(arena);
	http_client_stop();
	python_peer_stop(&peer);
	return 0;
}
