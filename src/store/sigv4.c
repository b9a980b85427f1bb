#include "store/sigv4.h"

#include <assert.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/buf.h"
#include "base/codec.h"
#include "store/sigv4_internal.h"

enum { KEY_BYTES = crypto_auth_hmacsha256_BYTES };

_Static_assert(sizeof(((struct sigv4_day *)0)->key) == KEY_BYTES, "a day's key");
_Static_assert(sizeof(((struct sigv4_day *)0)->day) == SIGV4_DAY_LENGTH, "without an end");

static void format_date(int64_t at_us, char ret[SIGV4_DATE_LENGTH + 1])
{
	time_t seconds = (time_t)(at_us / 1000000);
	struct tm utc;

	assert(at_us >= 0);
	gmtime_r(&seconds, &utc);
	if (strftime(ret, SIGV4_DATE_LENGTH + 1, "%Y%m%dT%H%M%SZ", &utc) != SIGV4_DATE_LENGTH)
		abort(); /* beyond the year 9999 */
}

struct sigv4_scope sigv4_scope_of(struct arena *arena, const char *region, int64_t at_us)
{
	struct sigv4_scope scope;

	assert(region[0] != '\0' && strchr(region, '/') == NULL);
	format_date(at_us, scope.date);
	scope.text =
	    arena_printf(arena, "%.*s/%s/s3/aws4_request", SIGV4_DAY_LENGTH, scope.date, region);
	return scope;
}

/* RFC 3986: everything but unreserved characters is encoded, with upper-case digits. */
static void add_encoded(struct buf *buf, const char *text, bool keep_slash)
{
	static const char DIGITS[] = "0123456789ABCDEF";

	for (; *text != 0; text++) {
		unsigned char c = (unsigned char)*text;
		bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
		             (c >= '0' && c <= '9') || strchr("-._~", c) != NULL ||
		             (keep_slash && c == '/');

		if (plain) {
			buf_add_char(buf, (char)c);
		} else {
			buf_add(buf, (char[]){'%', DIGITS[c >> 4], DIGITS[c & 15]}, 3);
		}
	}
}

static int compare_pairs(const void *a, const void *b)
{
	const struct sigv4_pair *one = a, *other = b;
	int order = strcmp(one->name, other->name);

	return order != 0 ? order : strcmp(one->value, other->value);
}

static struct sigv4_pair *sorted(struct arena *arena, const struct sigv4_pair *pairs, size_t count)
{
	struct sigv4_pair *copy = arena_array(arena, count, sizeof(copy[0]));

	assert(count <= 2 * SIGV4_PAIRS_MAX);
	if (count > 0) {
		memcpy(copy, pairs, count * sizeof(copy[0]));
		qsort(copy, count, sizeof(copy[0]), compare_pairs);
	}
	return copy;
}

const char *sigv4_canonical_query(struct arena *arena, const struct sigv4_pair *query, size_t count)
{
	struct sigv4_pair *encoded = arena_array(arena, count, sizeof(encoded[0]));
	struct buf buf = buf_new(arena, 512);

	for (size_t i = 0; i < count; i++) {
		struct buf name = buf_new(arena, 32), value = buf_new(arena, 64);

		add_encoded(&name, query[i].name, false);
		add_encoded(&value, query[i].value, false);
		encoded[i] = (struct sigv4_pair){name.data, value.data};
	}
	encoded = sorted(arena, encoded, count);
	for (size_t i = 0; i < count; i++)
		buf_printf(&buf, "%s%s=%s", i > 0 ? "&" : "", encoded[i].name, encoded[i].value);
	return buf.data;
}

/* A header's value without white space at its ends, and with one space for each run of it. */
static void add_header_value(struct buf *buf, const char *value)
{
	size_t start = buf->length;
	bool space = false;

	for (; *value != 0; value++) {
		if (*value == ' ' || *value == '\t') {
			space = buf->length > start;
			continue;
		}
		if (space)
			buf_add_char(buf, ' ');
		buf_add_char(buf, *value);
		space = false;
	}
}

static bool is_header_name(const char *name)
{
	size_t length = strlen(name);

	return length > 0 && strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-_") == length;
}

static const char *signed_names(struct arena *arena, const struct sigv4_pair *headers, size_t count)
{
	struct buf names = buf_new(arena, 64);

	for (size_t i = 0; i < count; i++) {
		assert(i == 0 || strcmp(headers[i - 1].name, headers[i].name) < 0);
		buf_printf(&names, "%s%s", i > 0 ? ";" : "", headers[i].name);
	}
	return names.data;
}

static void sha256_hex(const char *text, size_t length, char ret[SIGV4_SHA256_LENGTH + 1])
{
	uint8_t hash[crypto_hash_sha256_BYTES];

	crypto_hash_sha256(hash, (const uint8_t *)text, length);
	hex_encode(hash, sizeof(hash), ret);
}

const char *sigv4_string_to_sign(struct arena *arena, const struct sigv4_call *call,
                                 const struct sigv4_scope *scope, const char *query,
                                 const struct sigv4_pair *headers, size_t header_count)
{
	struct buf canonical = buf_new(arena, 1024);
	char hash[SIGV4_SHA256_LENGTH + 1];

	assert(call->path[0] == '/' && call->host[0] != '\0');
	assert(strlen(scope->date) == SIGV4_DATE_LENGTH);
	assert(strcmp(call->payload_sha256, SIGV4_UNSIGNED_PAYLOAD) == 0 ||
	       strlen(call->payload_sha256) == SIGV4_SHA256_LENGTH);
	buf_printf(&canonical, "%s\n", call->method);
	add_encoded(&canonical, call->path, true);
	buf_printf(&canonical, "\n%s\n", query);
	for (size_t i = 0; i < header_count; i++) {
		buf_printf(&canonical, "%s:", headers[i].name);
		add_header_value(&canonical, headers[i].value);
		buf_add_char(&canonical, '\n');
	}
	buf_printf(&canonical, "\n%s\n%s", signed_names(arena, headers, header_count),
	           call->payload_sha256);
	sha256_hex(canonical.data, canonical.length, hash);
	return arena_printf(arena, SIGV4_ALGORITHM "\n%s\n%s\n%s", scope->date, scope->text, hash);
}

static void hmac(const uint8_t *key, size_t key_length, const char *text, size_t length,
                 uint8_t ret[KEY_BYTES])
{
	crypto_auth_hmacsha256_state state;

	crypto_auth_hmacsha256_init(&state, key, key_length);
	crypto_auth_hmacsha256_update(&state, (const uint8_t *)text, length);
	crypto_auth_hmacsha256_final(&state, ret);
	sodium_memzero(&state, sizeof(state));
}

static void derive(struct arena *arena, const struct sigv4_keys *keys, const char *region,
                   const char *date, uint8_t key[KEY_BYTES])
{
	char *secret = arena_printf(arena, "AWS4%s", keys->secret_key);

	hmac((const uint8_t *)secret, strlen(secret), date, SIGV4_DAY_LENGTH, key);
	sodium_memzero(secret, strlen(secret));
	hmac(key, KEY_BYTES, region, strlen(region), key);
	hmac(key, KEY_BYTES, "s3", 2, key);
	hmac(key, KEY_BYTES, "aws4_request", strlen("aws4_request"), key);
}

static bool is_kept(const struct sigv4_day *day, const struct sigv4_keys *keys, const char *region,
                    const char *date)
{
	return memcmp(day->day, date, SIGV4_DAY_LENGTH) == 0 && strcmp(day->region, region) == 0 &&
	       strcmp(day->secret_key, keys->secret_key) == 0;
}

/* Derives the key unless it is kept, and keeps it. */
static void key_of(struct arena *arena, const struct sigv4_keys *keys, const char *region,
                   const char *date, uint8_t key[KEY_BYTES])
{
	struct sigv4_day *day = keys->day;

	if (day != NULL && is_kept(day, keys, region, date)) {
		memcpy(key, day->key, KEY_BYTES);
		return;
	}
	derive(arena, keys, region, date, key);
	if (day == NULL || strlen(region) >= sizeof(day->region) ||
	    strlen(keys->secret_key) >= sizeof(day->secret_key))
		return;
	memcpy(day->region, region, strlen(region) + 1);
	memcpy(day->secret_key, keys->secret_key, strlen(keys->secret_key) + 1);
	memcpy(day->day, date, SIGV4_DAY_LENGTH);
	memcpy(day->key, key, KEY_BYTES);
}

const char *sigv4_signature_of(struct arena *arena, const struct sigv4_keys *keys,
                               const char *region, const char *date, const char *text)
{
	char *hex = arena_alloc(arena, SIGV4_SHA256_LENGTH + 1);
	uint8_t key[KEY_BYTES];

	key_of(arena, keys, region, date, key);
	hmac(key, sizeof(key), text, strlen(text), key);
	hex_encode(key, sizeof(key), hex);
	sodium_memzero(key, sizeof(key));
	return hex;
}

static const char *encoded_path(struct arena *arena, const char *path)
{
	struct buf buf = buf_new(arena, 128);

	add_encoded(&buf, path, true);
	return buf.data;
}

/* The headers of the call and those given, sorted. */
static struct sigv4_pair *headers_with(struct arena *arena, const struct sigv4_call *call,
                                       const struct sigv4_pair *more, size_t more_count,
                                       size_t *ret_count)
{
	struct sigv4_pair *all =
	    arena_array(arena, call->header_count + more_count, sizeof(all[0]));

	assert(call->header_count <= SIGV4_PAIRS_MAX && more_count <= SIGV4_PAIRS_MAX);
	if (call->header_count > 0)
		memcpy(all, call->headers, call->header_count * sizeof(all[0]));
	memcpy(all + call->header_count, more, more_count * sizeof(all[0]));
	for (size_t i = 0; i < call->header_count; i++)
		assert(is_header_name(call->headers[i].name));
	for (size_t i = 0; i < more_count; i++)
		assert(more[i].value != NULL);
	*ret_count = call->header_count + more_count;
	return sorted(arena, all, *ret_count);
}

struct sigv4_signed sigv4_sign(struct arena *arena, const struct sigv4_keys *keys,
                               const struct sigv4_call *call)
{
	struct sigv4_scope scope = sigv4_scope_of(arena, call->region, call->at_us);
	const struct sigv4_pair more[] = {
	    {"host", call->host},
	    {"x-amz-content-sha256", call->payload_sha256},
	    {"x-amz-date", scope.date},
	    {"x-amz-security-token", keys->session_token}, /* last: left out when there is none */
	};
	size_t more_count = sizeof(more) / sizeof(more[0]) - (keys->session_token == NULL);
	size_t count;
	const struct sigv4_pair *headers = headers_with(arena, call, more, more_count, &count);
	const char *query = sigv4_canonical_query(arena, call->query, call->query_count);
	const char *text = sigv4_string_to_sign(arena, call, &scope, query, headers, count);
	const char *path = encoded_path(arena, call->path);

	return (struct sigv4_signed){
	    .target = arena_printf(arena, "%s%s%s", path, query[0] != 0 ? "?" : "", query),
	    .authorization = arena_printf(
	        arena, SIGV4_ALGORITHM " Credential=%s/%s, SignedHeaders=%s, Signature=%s",
	        keys->access_key, scope.text, signed_names(arena, headers, count),
	        sigv4_signature_of(arena, keys, call->region, scope.date, text)),
	    .amz_date = arena_strdup(arena, scope.date),
	    .amz_content_sha256 = call->payload_sha256,
	    .amz_security_token = keys->session_token,
	};
}

const char *sigv4_credential(struct arena *arena, const struct sigv4_keys *keys, const char *region,
                             int64_t at_us)
{
	return arena_printf(arena, "%s/%s", keys->access_key,
	                    sigv4_scope_of(arena, region, at_us).text);
}

const char *sigv4_date(struct arena *arena, int64_t at_us)
{
	char date[SIGV4_DATE_LENGTH + 1];

	format_date(at_us, date);
	return arena_strdup(arena, date);
}

const char *sigv4_presign(struct arena *arena, const struct sigv4_keys *keys,
                          const struct sigv4_call *call, int64_t expires_s)
{
	struct sigv4_scope scope = sigv4_scope_of(arena, call->region, call->at_us);
	size_t header_count, count = call->query_count;
	const struct sigv4_pair host = {"host", call->host};
	const struct sigv4_pair *headers = headers_with(arena, call, &host, 1, &header_count);
	struct sigv4_pair *query = arena_array(arena, count + 6, sizeof(query[0]));
	struct sigv4_call presigned = *call;
	const char *text, *canonical;

	assert(expires_s >= 1 && expires_s <= SIGV4_EXPIRES_MAX_S && count <= SIGV4_PAIRS_MAX);
	if (count > 0)
		memcpy(query, call->query, count * sizeof(query[0]));
	query[count++] = (struct sigv4_pair){"X-Amz-Algorithm", SIGV4_ALGORITHM};
	query[count++] = (struct sigv4_pair){
	    "X-Amz-Credential", sigv4_credential(arena, keys, call->region, call->at_us)};
	query[count++] = (struct sigv4_pair){"X-Amz-Date", scope.date};
	query[count++] =
	    (struct sigv4_pair){"X-Amz-Expires", arena_printf(arena, "%lld", (long long)expires_s)};
	query[count++] =
	    (struct sigv4_pair){"X-Amz-SignedHeaders", signed_names(arena, headers, header_count)};
	if (keys->session_token != NULL)
		query[count++] = (struct sigv4_pair){"X-Amz-Security-Token", keys->session_token};
	presigned.payload_sha256 = SIGV4_UNSIGNED_PAYLOAD;
	canonical = sigv4_canonical_query(arena, query, count);
	text = sigv4_string_to_sign(arena, &presigned, &scope, canonical, headers, header_count);
	return arena_printf(arena, "%s?%s&" SIGV4_SIGNATURE "=%s", encoded_path(arena, call->path),
	                    canonical,
	                    sigv4_signature_of(arena, keys, call->region, scope.date, text));
}

struct sigv4_policy sigv4_sign_policy(struct arena *arena, const struct sigv4_keys *keys,
                                      const char *region, int64_t at_us, const char *json)
{
	size_t length = strlen(json);
	size_t size = sodium_base64_encoded_len(length, sodium_base64_VARIANT_ORIGINAL);
	char *policy = arena_alloc(arena, size);
	char date[SIGV4_DATE_LENGTH + 1];

	format_date(at_us, date);
	sodium_bin2base64(policy, size, (const uint8_t *)json, length,
	                  sodium_base64_VARIANT_ORIGINAL);
	return (struct sigv4_policy){policy, sigv4_signature_of(arena, keys, region, date, policy)};
}
