/* Any secret, time and code: a code is found where it belongs and nowhere else, and only once. */
#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/totp.h"

enum { CODE_AT = TOTP_SECRET_BYTES + 4, INPUT_BYTES = CODE_AT + TOTP_DIGITS };

static void code_of(const uint8_t *secret, int64_t step, char ret[TOTP_DIGITS + 1])
{
	snprintf(ret, TOTP_DIGITS + 1, "%06u", (unsigned)(totp_number(secret, step) % 1000000));
}

/* Whether it is the code of a step that may be used now. */
static int64_t expected(const uint8_t *secret, const char *code, int64_t step, int64_t used)
{
	int64_t found = -1;

	for (int64_t at = step - TOTP_DRIFT; at <= step + TOTP_DRIFT; at++) {
		char right[TOTP_DIGITS + 1];

		code_of(secret, at, right);
		if (at > used && strcmp(code, right) == 0)
			found = at;
	}
	return found;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char code[TOTP_DIGITS + 1] = "";
	uint32_t now_s;

	if (size < INPUT_BYTES)
		return 0;
	memcpy(&now_s, data + TOTP_SECRET_BYTES, sizeof(now_s));
	memcpy(code, data + CODE_AT, TOTP_DIGITS);
	if (strlen(code) != TOTP_DIGITS) /* the contract's pattern sees to that */
		return 0;
	int64_t step = (int64_t)now_s / TOTP_STEP_S + TOTP_DRIFT + 1;
	int64_t at_s = step * TOTP_STEP_S + now_s % TOTP_STEP_S;
	int64_t found = totp_find(data, code, at_s, 0);

	if ((found >= 0) != (expected(data, code, step, 0) >= 0))
		abort();
	code_of(data, step, code);
	found = totp_find(data, code, at_s, 0);
	if (found < step - TOTP_DRIFT || found > step + TOTP_DRIFT ||
	    totp_find(data, code, at_s, step + TOTP_DRIFT) >= 0)
		abort();
	return 0;
}
