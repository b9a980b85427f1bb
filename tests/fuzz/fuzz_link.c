/* Any bytes as the query and the headers of a link to a file: none is valid, and neither is a valid
 * one of which anything was changed. */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "store/sigv4.h"

enum { PAIRS = 40 }; /* more than there may be */

static const struct sigv4_keys KEYS = {.access_key = "sebez", .secret_key = "secret"};
static const int64_t AT_US = INT64_C(1700000000) * 1000 * 1000;

static enum sigv4_verdict verdict(struct arena *arena, const struct sigv4_pair *query,
                                  size_t query_count, const struct sigv4_pair *headers,
                                  size_t header_count)
{
	return sigv4_verify(arena, &KEYS, "local",
	                    &(struct sigv4_call){.method = "GET",
	                                         .host = "shop.example",
	                                         .path = "/media/private/a/1.jpg",
	                                         .query = query,
	                                         .query_count = query_count,
	                                         .headers = headers,
	                                         .header_count = header_count},
	                    AT_US);
}

/* Splits at `between` and at the first '='. */
static size_t split(char *text, const char *between, struct sigv4_pair ret[PAIRS])
{
	size_t count = 0;
	char *value;

	while (text != NULL && count < PAIRS) {
		value = strsep(&text, between);
		ret[count].name = strsep(&value, "=");
		ret[count++].value = value == NULL ? "" : value;
	}
	return count;
}

/* The only characters of ours that a query encodes: / and ; */
static void decode(char *text)
{
	char *to = text;

	for (; *text != '\0'; text++, to++) {
		bool encoded = strncmp(text, "%2F", 3) == 0 || strncmp(text, "%3B", 3) == 0;

		*to = !encoded ? *text : text[1] == '2' ? '/' : ';';
		text += encoded ? 2 : 0;
	}
	*to = '\0';
}

static size_t make_valid(struct arena *arena, struct sigv4_pair ret[PAIRS])
{
	const struct sigv4_call call = {.method = "GET",
	                                .region = "local",
	                                .host = "shop.example",
	                                .path = "/media/private/a/1.jpg",
	                                .at_us = AT_US};
	const char *url = sigv4_presign(arena, &KEYS, &call, 60);
	size_t count = split(arena_strdup(arena, strchr(url, '?') + 1), "&", ret);

	for (size_t i = 0; i < count; i++)
		decode((char *)(uintptr_t)ret[i].value);
	if (verdict(arena, ret, count, NULL, 0) != SIGV4_VALID)
		abort();
	return count;
}

/* data: which pair, which of its characters, and the new one. */
static void change(struct arena *arena, const uint8_t *data)
{
	struct sigv4_pair query[PAIRS];
	size_t count = make_valid(arena, query);
	struct sigv4_pair *pair = &query[data[0] % count];
	char *text = (char *)(uintptr_t)(data[1] % 2 == 0 ? pair->value : pair->name);
	char *at = &text[data[2] % strlen(text)];

	if (*at == (char)data[3])
		return;
	*at = (char)data[3];
	if (verdict(arena, query, count, NULL, 0) == SIGV4_VALID)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new(64 * 1024 * 1024, NULL, NULL);
	char *text = arena_strndup(arena, (const char *)data, size), *headers = text;
	struct sigv4_pair query[PAIRS], received[PAIRS];
	size_t query_count, header_count;

	if (size >= 4)
		change(arena, data);
	text = strsep(&headers, "\n");
	query_count = split(text, "&", query);
	header_count = split(headers, "\n", received);
	if (verdict(arena, query, query_count, received, header_count) == SIGV4_VALID)
		abort();
	arena_free(arena);
	return 0;
}
