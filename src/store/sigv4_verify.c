#include <assert.h>
#include <sodium.h>
#include <string.h>

#include "base/clock.h"
#include "store/sigv4.h"
#include "store/sigv4_internal.h"

/* Of a query that is checked. */
struct presigned {
	const char *algorithm, *credential, *date, *expires, *signed_headers, *signature;
	int64_t at_us;
	int64_t expires_s;
	struct sigv4_pair rest[SIGV4_PAIRS_MAX]; /* all but the signature */
	size_t rest_count;
};

static const char **member_of(struct presigned *presigned, const char *name)
{
	const struct {
		const char *name;
		const char **member;
	} members[] = {
	    {"X-Amz-Algorithm", &presigned->algorithm},
	    {"X-Amz-Credential", &presigned->credential},
	    {"X-Amz-Date", &presigned->date},
	    {"X-Amz-Expires", &presigned->expires},
	    {"X-Amz-SignedHeaders", &presigned->signed_headers},
	    {SIGV4_SIGNATURE, &presigned->signature},
	};

	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++)
		if (strcmp(members[i].name, name) == 0)
			return members[i].member;
	return NULL;
}

/* 20261129T165814Z */
static bool parse_date(const char *text, int64_t *ret_us)
{
	char rfc3339[] = "0000-00-00T00:00:00Z";
	static const uint8_t FROM[] = {0, 1, 2, 3, 4, 5, 6, 7, 9, 10, 11, 12, 13, 14};
	static const uint8_t TO[] = {0, 1, 2, 3, 5, 6, 8, 9, 11, 12, 14, 15, 17, 18};

	_Static_assert(sizeof(FROM) == sizeof(TO), "each digit has its place");
	if (strlen(text) != SIGV4_DATE_LENGTH || text[SIGV4_DAY_LENGTH] != 'T' ||
	    text[SIGV4_DATE_LENGTH - 1] != 'Z')
		return false;
	for (size_t i = 0; i < sizeof(FROM); i++)
		rfc3339[TO[i]] = text[FROM[i]];
	return time_parse(rfc3339, ret_us) && *ret_us >= 0;
}

static bool parse_expires(const char *text, int64_t *ret_s)
{
	int64_t value = 0;

	if (text[0] == 0 || strlen(text) > 6 || strspn(text, "0123456789") != strlen(text))
		return false;
	for (; *text != 0; text++)
		value = value * 10 + (*text - '0');
	*ret_s = value;
	return value >= 1 && value <= SIGV4_EXPIRES_MAX_S;
}

static bool parse_presigned(const struct sigv4_call *call, struct presigned *ret)
{
	struct presigned presigned = {0};

	if (call->query_count > SIGV4_PAIRS_MAX)
		return false;
	for (size_t i = 0; i < call->query_count; i++) {
		const char **member = member_of(&presigned, call->query[i].name);

		if (member != NULL && *member != NULL)
			return false; /* twice */
		if (member != NULL)
			*member = call->query[i].value;
		if (member != &presigned.signature)
			presigned.rest[presigned.rest_count++] = call->query[i];
	}
	if (presigned.algorithm == NULL || presigned.credential == NULL || presigned.date == NULL ||
	    presigned.expires == NULL || presigned.signed_headers == NULL ||
	    presigned.signature == NULL)
		return false;
	if (strcmp(presigned.algorithm, SIGV4_ALGORITHM) != 0 ||
	    strlen(presigned.signature) != SIGV4_SHA256_LENGTH ||
	    !parse_date(presigned.date, &presigned.at_us) ||
	    !parse_expires(presigned.expires, &presigned.expires_s))
		return false;
	assert(presigned.rest_count == call->query_count - 1);
	assert(presigned.expires_s >= 1 && presigned.expires_s <= SIGV4_EXPIRES_MAX_S);
	*ret = presigned;
	return true;
}

static const char *received_header(const struct sigv4_call *call, const char *name)
{
	if (strcmp(name, "host") == 0)
		return call->host;
	for (size_t i = 0; i < call->header_count; i++)
		if (strcmp(call->headers[i].name, name) == 0)
			return call->headers[i].value;
	return NULL;
}

/* The headers that the query calls signed, as received; false when one is missing or the host is
 * not among them. */
static bool find_signed_headers(struct arena *arena, const struct sigv4_call *call,
                                const char *names, struct sigv4_pair *ret, size_t *ret_count)
{
	char *rest = arena_strdup(arena, names), *name;
	bool with_host = false;
	size_t count = 0;

	while ((name = strsep(&rest, ";")) != NULL) {
		const char *value = received_header(call, name);

		if (value == NULL || count == SIGV4_PAIRS_MAX ||
		    (count > 0 && strcmp(ret[count - 1].name, name) >= 0))
			return false;
		with_host = with_host || strcmp(name, "host") == 0;
		ret[count++] = (struct sigv4_pair){name, value};
	}
	*ret_count = count;
	return with_host;
}

enum sigv4_verdict sigv4_verify(struct arena *arena, const struct sigv4_keys *keys,
                                const char *region, const struct sigv4_call *call, int64_t now_us)
{
	struct sigv4_pair headers[SIGV4_PAIRS_MAX];
	struct sigv4_call unsigned_call = *call;
	struct presigned presigned;
	size_t header_count;
	const char *text;
	struct sigv4_scope scope;

	assert(keys->secret_key[0] != '\0'); /* an empty key would sign for anybody */
	if (!parse_presigned(call, &presigned))
		return SIGV4_MALFORMED;
	scope = sigv4_scope_of(arena, region, presigned.at_us);
	if (strcmp(presigned.credential, sigv4_credential(arena, keys, region, presigned.at_us)) !=
	        0 ||
	    !find_signed_headers(arena, call, presigned.signed_headers, headers, &header_count))
		return SIGV4_FORGED;
	unsigned_call.payload_sha256 = SIGV4_UNSIGNED_PAYLOAD;
	text =
	    sigv4_string_to_sign(arena, &unsigned_call, &scope,
	                         sigv4_canonical_query(arena, presigned.rest, presigned.rest_count),
	                         headers, header_count);
	if (sodium_memcmp(sigv4_signature_of(arena, keys, region, scope.date, text),
	                  presigned.signature, SIGV4_SHA256_LENGTH) != 0)
		return SIGV4_FORGED;
	if (presigned.at_us - now_us > SIGV4_SKEW_S * INT64_C(1000000))
		return SIGV4_NOT_YET;
	if (now_us - presigned.at_us >= presigned.expires_s * 1000000)
		return SIGV4_EXPIRED;
	return SIGV4_VALID;
}
