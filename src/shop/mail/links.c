#include "shop/mail/links.h"

#include <assert.h>
#include <sodium.h>
#include <string.h>
#include <strings.h>

const char *const MAIL_LISTS[MAIL_LIST_COUNT] = {
    [MAIL_ORDERS] = "orders",
    [MAIL_CHAT] = "chat",
    [MAIL_PROMOTIONS] = "promotions",
    [MAIL_ALL] = "all",
};

_Static_assert(LINK_CODE_BYTES >= crypto_generichash_BYTES_MIN, "length of a code");

static struct {
	uint8_t keys[MAIL_KEYS_MAX][MAIL_KEY_BYTES];
	size_t key_count;
} links;

void links_start(const struct mail_settings *settings)
{
	assert(settings->key_count > 0 && settings->key_count <= MAIL_KEYS_MAX);
	memcpy(links.keys, settings->keys, sizeof(links.keys));
	links.key_count = settings->key_count;
}

/* The code over the kind and the id, which are the bytes before it. */
static void sign(uint8_t bytes[LINK_BYTES], size_t key)
{
	int rc = crypto_generichash(bytes + LINK_BYTES - LINK_CODE_BYTES, LINK_CODE_BYTES, bytes,
	                            LINK_BYTES - LINK_CODE_BYTES, links.keys[key], MAIL_KEY_BYTES);

	assert(rc == 0 && key < links.key_count);
}

void link_of_list(enum mail_list list, struct uuid account, char ret[LINK_LENGTH + 1])
{
	uint8_t bytes[LINK_BYTES] = {(uint8_t)list};

	assert(list < MAIL_LIST_COUNT);
	memcpy(bytes + 1, account.bytes, sizeof(account.bytes));
	sign(bytes, 0);
	base64url_encode(bytes, sizeof(bytes), ret);
}

bool link_read_list(const char *text, enum mail_list *ret_list, struct uuid *ret_account)
{
	uint8_t given[LINK_BYTES], made[LINK_BYTES];

	if (!base64url_decode(text, given, sizeof(given)) || given[0] >= MAIL_LIST_COUNT)
		return false;
	memcpy(made, given, sizeof(made));
	for (size_t key = 0; key < links.key_count; key++) {
		sign(made, key);
		if (sodium_memcmp(made, given, sizeof(made)) == 0) {
			*ret_list = (enum mail_list)given[0];
			memcpy(ret_account->bytes, given + 1, sizeof(ret_account->bytes));
			return true;
		}
	}
	return false;
}

/* Bounces. */

static void bounce_sign(const struct bounce *bounce, const char *to, size_t key,
                        uint8_t ret[BOUNCE_CODE_BYTES])
{
	uint8_t head[1 + 16] = {(uint8_t)bounce->kind}, code[LINK_CODE_BYTES];
	crypto_generichash_state state;

	assert(key < links.key_count);
	memcpy(head + 1, bounce->id.bytes, sizeof(bounce->id.bytes));
	crypto_generichash_init(&state, links.keys[key], MAIL_KEY_BYTES, sizeof(code));
	crypto_generichash_update(&state, head, sizeof(head));
	crypto_generichash_update(&state, (const uint8_t *)to, strlen(to));
	crypto_generichash_final(&state, code, sizeof(code));
	memcpy(ret, code, BOUNCE_CODE_BYTES);
}

const char *bounce_sender(struct arena *arena, const char *bounce_address, enum bounce_kind kind,
                          struct uuid id, const char *to)
{
	struct bounce bounce = {.kind = kind, .id = id};
	uint8_t bytes[BOUNCE_BYTES] = {(uint8_t)kind};
	char code[BOUNCE_LENGTH + 1];
	const char *at = strchr(bounce_address, '@');

	assert(at != NULL && at - bounce_address <= BOUNCE_NAME_MAX);
	bounce_sign(&bounce, to, 0, bounce.code);
	memcpy(bytes + 1, id.bytes, sizeof(id.bytes));
	memcpy(bytes + 1 + sizeof(id.bytes), bounce.code, sizeof(bounce.code));
	hex_encode(bytes, sizeof(bytes), code);
	return arena_printf(arena, "%.*s+%s%s", (int)(at - bounce_address), bounce_address, code,
	                    at);
}

/* "<name>+<code>@<domain>" at the beginning of the text. */
static bool read_bounce(const char *bounce_address, size_t name_length, const char *text,
                        size_t length, struct bounce *ret)
{
	const char *domain = bounce_address + name_length;
	char code[BOUNCE_LENGTH + 1];
	uint8_t bytes[BOUNCE_BYTES];

	if (length < name_length + 1 + BOUNCE_LENGTH + strlen(domain) ||
	    strncasecmp(text, bounce_address, name_length) != 0 || text[name_length] != '+' ||
	    strncasecmp(text + name_length + 1 + BOUNCE_LENGTH, domain, strlen(domain)) != 0)
		return false;
	memcpy(code, text + name_length + 1, BOUNCE_LENGTH);
	code[BOUNCE_LENGTH] = 0;
	ascii_lower(code);
	if (!hex_decode(code, bytes, sizeof(bytes)) ||
	    (bytes[0] != BOUNCE_OF_ACCOUNT && bytes[0] != BOUNCE_OF_LETTER))
		return false;
	ret->kind = (enum bounce_kind)bytes[0];
	memcpy(ret->id.bytes, bytes + 1, sizeof(ret->id.bytes));
	memcpy(ret->code, bytes + 1 + sizeof(ret->id.bytes), sizeof(ret->code));
	return true;
}

bool bounce_find(const char *bounce_address, const char *text, size_t length, struct bounce *ret)
{
	const char *at = strchr(bounce_address, '@');

	assert(at != NULL);
	for (size_t i = 0; i < length; i++)
		if (read_bounce(bounce_address, (size_t)(at - bounce_address), text + i, length - i,
		                ret))
			return true;
	return false;
}

bool bounce_is_of(const struct bounce *bounce, const char *to)
{
	uint8_t code[BOUNCE_CODE_BYTES];

	for (size_t key = 0; key < links.key_count; key++) {
		bounce_sign(bounce, to, key, code);
		if (sodium_memcmp(code, bounce->code, sizeof(code)) == 0)
			return true;
	}
	return false;
}
