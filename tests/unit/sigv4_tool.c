/* Signs and verifies what test_sigv4.py asks for: a JSON object on a line of stdin, a line of text
 * as the answer. */
#include <assert.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "store/sigv4.h"

enum { ARENA_BYTES = 1024 * 1024 };

static const char *text(const json_t *from, const char *name)
{
	return json_string_value(json_object_get(from, name));
}

static int64_t number(const json_t *from, const char *name)
{
	return json_integer_value(json_object_get(from, name));
}

/* An array of arrays of two texts. */
static struct sigv4_pair *pairs(struct arena *arena, const json_t *from, const char *name,
                                size_t *ret_count)
{
	const json_t *array = json_object_get(from, name);
	size_t count = json_array_size(array);
	struct sigv4_pair *ret = arena_array(arena, count, sizeof(ret[0]));

	for (size_t i = 0; i < count; i++) {
		const json_t *pair = json_array_get(array, i);

		ret[i].name = json_string_value(json_array_get(pair, 0));
		ret[i].value = json_string_value(json_array_get(pair, 1));
	}
	*ret_count = count;
	return ret;
}

static const char *answer(struct arena *arena, const json_t *asked)
{
	static const char *const VERDICTS[] = {
	    [SIGV4_VALID] = "valid",     [SIGV4_MALFORMED] = "malformed",
	    [SIGV4_EXPIRED] = "expired", [SIGV4_NOT_YET] = "not yet",
	    [SIGV4_FORGED] = "forged",
	};
	static struct sigv4_day day; /* of whatever was asked before */
	struct sigv4_keys keys = {text(asked, "access_key"), text(asked, "secret_key"),
	                          text(asked, "session_token"), &day};
	struct sigv4_call call = {
	    .method = text(asked, "method"),
	    .region = text(asked, "region"),
	    .host = text(asked, "host"),
	    .path = text(asked, "path"),
	    .payload_sha256 = text(asked, "payload_sha256"),
	    .at_us = number(asked, "at_us"),
	};
	const char *what = text(asked, "what");

	call.query = pairs(arena, asked, "query", &call.query_count);
	call.headers = pairs(arena, asked, "headers", &call.header_count);
	if (strcmp(what, "sign") == 0)
		return sigv4_sign(arena, &keys, &call).authorization;
	if (strcmp(what, "target") == 0)
		return sigv4_sign(arena, &keys, &call).target;
	if (strcmp(what, "presign") == 0)
		return sigv4_presign(arena, &keys, &call, number(asked, "expires_s"));
	if (strcmp(what, "policy") == 0)
		return sigv4_sign_policy(arena, &keys, call.region, call.at_us,
		                         text(asked, "policy"))
		    .signature;
	assert(strcmp(what, "verify") == 0);
	return VERDICTS[sigv4_verify(arena, &keys, call.region, &call, call.at_us)];
}

int main(void)
{
	json_t *asked;

	while ((asked = json_loadf(stdin, JSON_DISABLE_EOF_CHECK, NULL)) != NULL) {
		struct arena *arena = arena_new(ARENA_BYTES, NULL, NULL);

		printf("%s\n", answer(arena, asked));
		arena_free(arena);
		json_decref(asked);
	}
	return 0;
}
