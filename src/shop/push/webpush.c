/* Web Push: RFC 8030, with the payload encrypted by RFC 8291 and us named by RFC 8292. */
#include <assert.h>
#include <errno.h>
#include <sodium.h>
#include <string.h>

#include "base/buf.h"
#include "base/codec.h"
#include "shop/push/internal.h"

enum { TTL_S_MAX = 28 * 86400 }; /* Chrome's service takes no more */

const char *const WEB_PUSH_URGENCIES[] = {
    [PUSH_HIGH] = "high",
    [PUSH_NORMAL] = "normal",
    [PUSH_LOW] = "low",
};

/* Requests. */

/* What the service worker shows. */
static void write_message(struct json *json, const struct push *push, const void *arg)
{
	(void)arg;
	json_open_object(json);
	if (push->title != NULL)
		json_put_str(json, "title", push->title);
	if (push->body != NULL)
		json_put_str(json, "body", push->body);
	if (push->group != NULL)
		json_put_str(json, "tag", push->group);
	if (push->badge >= 0)
		json_put_int(json, "badge", push->badge);
	json_key(json, "data");
	json_open_object(json);
	push_write_data(json, push, false);
	json_close_object(json);
	json_close_object(json);
}

/* Services may read the topic, so it says nothing but that two messages have the same. */
static const char *topic_of(struct arena *arena, const char *group)
{
	enum { BYTES = WEB_PUSH_TOPIC_LENGTH * 3 / 4 };
	uint8_t hash[crypto_hash_sha256_BYTES];
	char *topic = arena_alloc(arena, WEB_PUSH_TOPIC_LENGTH + 1);

	_Static_assert(BASE64URL_LENGTH(BYTES) == WEB_PUSH_TOPIC_LENGTH, "RFC 8030, section 5.4");
	crypto_hash_sha256(hash, (const uint8_t *)group, strlen(group));
	base64url_encode(hash, BYTES, topic);
	return topic;
}

int web_push_build(struct arena *arena, const struct web_push_server *server,
                   const struct push *push, int64_t now_s, struct push_request *ret)
{
	struct web_push_body sealed;
	struct buf text;
	int rc;

	if (web_push_origin(arena, push->device.address) == NULL)
		return -EINVAL;
	rc = push_write(arena, push, WEB_PUSH_TEXT_BYTES, write_message, NULL, &text);
	if (rc == 0)
		rc = web_push_encrypt(arena, server->sender, &push->device.keys, text.data,
		                      text.length, NULL, &sealed);
	if (rc < 0)
		return rc;
	*ret = (struct push_request){
	    .url = push->device.address,
	    .body = sealed.bytes,
	    .body_length = sealed.length,
	};
	push_add_header(ret, "Authorization", server->authorization);
	push_add_header(ret, "Content-Type", "application/octet-stream");
	push_add_header(ret, "Content-Encoding", "aes128gcm");
	push_add_header(ret, "TTL",
	                arena_printf(arena, "%lld", (long long)push_ttl_s(push, now_s, TTL_S_MAX)));
	push_add_header(ret, "Urgency", WEB_PUSH_URGENCIES[push_urgency(push)]);
	if (push->group != NULL)
		push_add_header(ret, "Topic", topic_of(arena, push->group));
	return 0;
}

/* Answers. Services explain themselves in as many ways as there are; the status is what RFC 8030
 * defines. A subscription may have been made with another key than ours, or made up. */
struct push_verdict web_push_judge(struct arena *arena, const struct http_client_response *response,
                                   int64_t now_s)
{
	static const struct push_rule NO_CODES[] = {{0}};
	struct push_verdict verdict = push_verdict_of(arena, NO_CODES, NULL, response, now_s);

	if (response->status == 404 || response->status == 410)
		verdict.outcome = PUSH_ADDRESS_GONE;
	if (verdict.outcome == PUSH_ALARM)
		verdict.outcome = PUSH_FOREIGN;
	return verdict;
}
