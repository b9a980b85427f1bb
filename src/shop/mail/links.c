#include "shop/mail/links.h"

#include <assert.h>
#include <sodium.h>
#include <string.h>

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
