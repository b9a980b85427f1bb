/*
 * web_push: messages for browsers, encrypted so that only the browser can read them (RFC 8188 with
 * one record, RFC 8291), and the header by which push services know us (VAPID, RFC 8292).
 */
#ifndef SEBEZ_BASE_WEB_PUSH_H
#define SEBEZ_BASE_WEB_PUSH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/jwt.h"
#include "base/p256.h"

enum {
	WEB_PUSH_AUTH_BYTES = 16,
	WEB_PUSH_SALT_BYTES = 16,
	/* What every push service must take (RFC 8030, section 7.2), and what is left of it for the
	 * message: without the header of 86 bytes, the delimiter and the tag. */
	WEB_PUSH_BODY_BYTES = 4096,
	WEB_PUSH_TEXT_BYTES = 3993,
	WEB_PUSH_VAPID_S_MAX = 24 * 3600, /* how long a VAPID token may be valid */
};

/* What a browser gives for a subscription, beside its endpoint. */
struct web_push_keys {
	uint8_t point[P256_POINT_BYTES];   /* p256dh */
	uint8_t auth[WEB_PUSH_AUTH_BYTES]; /* auth */
};

/*
 * The sender's side of the key agreement. RFC 8291 describes a fresh key pair for each message;
 * what must be fresh is the salt, from which the keys of a message follow, and no browser can tell.
 * As making a key pair is a good part of the work, a sender keeps its own, in memory only, and
 * makes another one after LIMIT_WEB_PUSH_KEY_USES messages: whoever gets one can read no more than
 * those.
 */
struct web_push_sender;

struct web_push_sender *web_push_sender_new(void); /* NULL: no memory */
/* With this key for ever. NULL: it is none, or no memory. */
struct web_push_sender *web_push_sender_of(const uint8_t secret[P256_SECRET_BYTES]);
void web_push_sender_free(struct web_push_sender *sender); /* NULL is fine */

struct web_push_body {
	const uint8_t *bytes; /* of content coding aes128gcm */
	size_t length;
};

/* Encrypts at most WEB_PUSH_TEXT_BYTES (asserted). salt: NULL for a fresh one. -EINVAL: the point
 * of the keys is not on the curve; -ENOMEM. */
int web_push_encrypt(struct arena *arena, struct web_push_sender *sender,
                     const struct web_push_keys *keys, const void *text, size_t length,
                     const uint8_t salt[WEB_PUSH_SALT_BYTES], struct web_push_body *ret)
    __attribute__((warn_unused_result));

/* The point is on the curve; false when there is no memory, too. */
bool web_push_keys_are_valid(const struct web_push_keys *keys);

/* RFC 8188 with one record: `key` is the input keying material, `key_id` is sent along. */
int content_encrypt(struct arena *arena, const void *key, size_t key_length, const void *key_id,
                    size_t key_id_length, const uint8_t salt[WEB_PUSH_SALT_BYTES], const void *text,
                    size_t length, struct web_push_body *ret) __attribute__((warn_unused_result));

/* "https://host" or "https://host:port" of an endpoint; NULL when it is not an https URL. */
const char *web_push_origin(struct arena *arena, const char *endpoint);

/*
 * web_push_vapid: the value of Authorization for the endpoints of one origin.
 *
 *   key      on P-256
 *   subject  mailto: or https: of who runs this marketplace
 *   now_s, lifetime_s  at most WEB_PUSH_VAPID_S_MAX
 *
 * NULL: no memory.
 */
const char *web_push_vapid(struct arena *arena, const struct jwt_key *key, const char *origin,
                           const char *subject, int64_t now_s, int64_t lifetime_s);

#endif
