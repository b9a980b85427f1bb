/* Makes what test_push_judges.py asks for: a JSON object on a line of stdin, a line of text as the
 * answer. */
#include <assert.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/codec.h"
#include "base/web_push.h"

enum { ARENA_BYTES = 1024 * 1024 };

static const char *text(const json_t *from, const char *name)
{
	return json_string_value(json_object_get(from, name));
}

static int64_t number(const json_t *from, const char *name)
{
	return json_integer_value(json_object_get(from, name));
}

static struct jwt_key *key_of(const json_t *asked)
{
	const char *error = "";
	struct jwt_key *key =
	    jwt_key_from_pem(text(asked, "pem"), strlen(text(asked, "pem")), &error);

	if (key == NULL) {
		fprintf(stderr, "%s\n", error);
		exit(1);
	}
	return key;
}

static const char *signed_token(struct arena *arena, const json_t *asked)
{
	struct jwt_key *key = key_of(asked);
	const char *token = jwt_sign(arena, key, text(asked, "key_id"), text(asked, "claims"));

	jwt_key_free(key);
	return token;
}

static const char *vapid(struct arena *arena, const json_t *asked)
{
	struct jwt_key *key = key_of(asked);
	const char *header =
	    web_push_vapid(arena, key, text(asked, "origin"), text(asked, "subject"),
	                   number(asked, "now"), number(asked, "lifetime"));

	jwt_key_free(key);
	return header;
}

/* Two messages of one sender. */
static const char *encrypted(struct arena *arena, const json_t *asked)
{
	static struct web_push_sender *sender;
	struct web_push_keys keys;
	struct web_push_body body;
	char *ret;

	if (sender == NULL)
		sender = web_push_sender_new();
	if (!base64url_decode(text(asked, "p256dh"), keys.point, sizeof(keys.point)) ||
	    !base64url_decode(text(asked, "auth"), keys.auth, sizeof(keys.auth)) ||
	    web_push_encrypt(arena, sender, &keys, text(asked, "text"), strlen(text(asked, "text")),
	                     NULL, &body) < 0)
		return "refused";
	ret = arena_alloc(arena, BASE64URL_LENGTH(body.length) + 1);
	base64url_encode(body.bytes, body.length, ret);
	return ret;
}

static const char *answer(struct arena *arena, const json_t *asked)
{
	const char *what = text(asked, "what");

	if (strcmp(what, "sign") == 0)
		return signed_token(arena, asked);
	if (strcmp(what, "vapid") == 0)
		return vapid(arena, asked);
	assert(strcmp(what, "encrypt") == 0);
	return encrypted(arena, asked);
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
