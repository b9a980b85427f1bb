/* Any bytes as an access token: none is good, and neither is a good one with bytes changed. */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "web/token.h"

static const struct token_key KEY = {.id = 1, .bytes = {7}};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);
	char good[TOKEN_LENGTH + 1], changed[TOKEN_LENGTH + 1];
	struct token token = {.kind = TOKEN_ACCOUNT, .expires_s = 2000}, back;

	token_keys_set(1, &KEY);
	memcpy(text, data, size);
	text[size] = 0;
	token_make(&token, good);
	if (strcmp(text, good) != 0 && token_check(text, 1000, &back) == TOKEN_GOOD)
		abort();
	memcpy(changed, good, sizeof(good));
	for (size_t i = 0; i + 1 < size; i += 2)
		changed[data[i] % TOKEN_LENGTH] = (char)data[i + 1];
	if (memcmp(changed, good, sizeof(good)) != 0 &&
	    token_check(changed, 1000, &back) == TOKEN_GOOD)
		abort();
	free(text);
	return 0;
}
