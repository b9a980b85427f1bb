#include "shop/accounts/known_device.h"

#include <assert.h>
#include <sodium.h>
#include <string.h>

#include "base/json.h"
#include "base/limits.h"
#include "known_device.sql.h"
#include "net/places.h"
#include "shop/accounts/accounts.h"
#include "shop/accounts/two_factor.h"
#include "shop/feed/feed.h"
#include "web/client_address.h"

enum { KEY_BYTES = 32, PRODUCT_BYTES = 40 };

/* What a user agent contains, and what people call it; the first that fits, as many programs name
 * others too. */
struct word {
	const char *part, *name;
};

static const struct word PROGRAMS[] = {
    {"Edg", "Edge"},       {"OPR/", "Opera"},       {"SamsungBrowser/", "Samsung Internet"},
    {"FxiOS/", "Firefox"}, {"Firefox/", "Firefox"}, {"CriOS/", "Chrome"},
    {"Chrome/", "Chrome"}, {"Safari/", "Safari"},
};
static const struct word SYSTEMS[] = {
    {"iPhone", "iPhone"}, {"iPad", "iPad"},     {"Android", "Android"}, {"Windows", "Windows"},
    {"CrOS", "ChromeOS"}, {"Macintosh", "Mac"}, {"Linux", "Linux"},
};

static const char *named(const char *user_agent, size_t count, const struct word words[])
{
	for (size_t i = 0; i < count; i++)
		if (strstr(user_agent, words[i].part) != NULL)
			return words[i].name;
	return NULL;
}

/* Its first product: "okhttp" of "okhttp/4.12". */
static const char *product(struct arena *arena, const char *user_agent)
{
	static const char LETTERS[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.";
	size_t length = strspn(user_agent, LETTERS);

	if (length == 0 || length > PRODUCT_BYTES || strncmp(user_agent, "Mozilla", length) == 0)
		return NULL;
	return arena_strndup(arena, user_agent, length);
}

const char *device_words(struct arena *arena, const char *user_agent)
{
	if (user_agent == NULL)
		return NULL;
	const char *system = named(user_agent, sizeof(SYSTEMS) / sizeof(SYSTEMS[0]), SYSTEMS);
	const char *program = named(user_agent, sizeof(PROGRAMS) / sizeof(PROGRAMS[0]), PROGRAMS);

	if (program == NULL)
		program = product(arena, user_agent);
	if (program == NULL || system == NULL)
		return program != NULL ? program : system;
	return arena_printf(arena, "%s on %s", program, system);
}

struct rows *device_note(struct request *rq, struct db *chain, struct uuid account,
                         const struct sign_in_device *device, const char *words)
{
	char network[CLIENT_ADDRESS_SIZE];
	uint8_t *key = arena_alloc(rq->task.arena, KEY_BYTES);
	crypto_generichash_state state;

	crypto_generichash_init(&state, account.bytes, sizeof(account.bytes), KEY_BYTES);
	if (device != NULL && device->id != NULL) {
		crypto_generichash_update(&state, device->id->bytes, sizeof(device->id->bytes));
	} else {
		client_network(request_address(rq), network);
		crypto_generichash_update(&state, (const uint8_t *)network, strlen(network) + 1);
		if (words != NULL)
			crypto_generichash_update(&state, (const uint8_t *)words, strlen(words));
	}
	crypto_generichash_final(&state, key, KEY_BYTES);
	return sql_device_seen(chain, account, (struct bytes){key, KEY_BYTES});
}

/* "203.0.113.5 (ET)", or the address alone where its country is not known. */
static const char *place_words(struct request *rq)
{
	char country[PLACES_COUNTRY_LENGTH + 1];

	places_country(account_settings()->places, request_address(rq), country);
	if (country[0] == 0)
		return request_address(rq);
	return arena_printf(rq->task.arena, "%s (%s)", request_address(rq), country);
}

void device_tell(struct request *rq, struct db *tx, const struct signed_in *signed_in,
                 const struct rows *noted, const char *name)
{
	const struct device_seen_row *seen = sql_device_seen_rows(tx, noted, NULL);
	struct buf facts = buf_new(rq->task.arena, 128);
	struct json json = json_new(&facts);

	if (!seen->is_new || !seen->has_others)
		return;
	sql_devices_trim(tx, signed_in->account_id, LIMIT_KNOWN_DEVICES);
	json_open_object(&json);
	json_put_str(&json, "device", name != NULL ? name : "?");
	json_put_str(&json, "address", place_words(rq));
	json_close_object(&json);
	two_factor_tell(tx, signed_in->account_id, "mail.new_device",
	                arena_strndup(rq->task.arena, facts.data, facts.length));
	feed_write_new_device(tx, signed_in->account_id,
	                      &(struct event_new_device){.session_id = signed_in->session_id});
}
