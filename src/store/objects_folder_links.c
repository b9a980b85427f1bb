#include <assert.h>
#include <inttypes.h>
#include <string.h>

#include "base/clock.h"
#include "store/objects_folder_internal.h"

static const char *path_of(struct arena *arena, const char *key)
{
	return arena_printf(arena, OBJECTS_PATH "%s", key);
}

/* The host of an origin: scheme://host[:port]. */
static const char *host_of(const char *origin)
{
	const char *host = strstr(origin, "://");

	assert(host != NULL && strchr(host + 3, '/') == NULL);
	return host + 3;
}

int folder_presign(void *store, struct arena *arena, const char *origin, const char *key,
                   int64_t bytes, int64_t expires_s, int64_t deadline_ms, const char **ret_url)
{
	struct folder *folder = store;
	struct sigv4_keys keys = folder->keys;
	const struct sigv4_pair headers[] = {
	    {"content-length", arena_printf(arena, "%" PRId64, bytes)},
	    {"content-type", object_content_type(key)},
	};
	struct sigv4_call call = {
	    .method = bytes >= 0 ? "PUT" : "GET",
	    .region = FOLDER_REGION,
	    .host = host_of(origin),
	    .path = path_of(arena, key),
	    .headers = headers,
	    .header_count = bytes >= 0 ? 2 : 0,
	    .at_us = clock_now_us(),
	};

	(void)deadline_ms;
	keys.day = &folder->day;
	*ret_url =
	    arena_printf(arena, "%s%s", origin, sigv4_presign(arena, &keys, &call, expires_s));
	return 0;
}

const char *folder_url(const void *store, struct arena *arena, const char *origin, const char *key)
{
	(void)store;
	return arena_printf(arena, "%s%s", origin, path_of(arena, key));
}

enum sigv4_verdict folder_verify(const struct objects_settings *settings, struct arena *arena,
                                 const struct sigv4_call *call)
{
	const char *const secrets[] = {settings->secret, settings->secret_previous};
	enum sigv4_verdict verdict = SIGV4_FORGED;

	for (size_t i = 0; i < 2 && verdict == SIGV4_FORGED && secrets[i][0] != '\0'; i++) {
		const struct sigv4_keys keys = {.access_key = FOLDER_ACCESS_KEY,
		                                .secret_key = secrets[i]};

		verdict = sigv4_verify(arena, &keys, FOLDER_REGION, call, clock_now_us());
	}
	return verdict;
}
