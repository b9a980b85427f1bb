/*
 * totp: codes by time (RFC 6238) as authenticator apps make them: HMAC-SHA-1, six digits, a step of
 * 30 seconds. Pure computation.
 */
#ifndef SEBEZ_BASE_TOTP_H
#define SEBEZ_BASE_TOTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	TOTP_SECRET_BYTES = 20, /* as long as SHA-1, as RFC 4226 recommends */
	TOTP_SECRET_LENGTH = 32,
	TOTP_DIGITS = 6,
	TOTP_STEP_S = 30,
	TOTP_DRIFT = 1, /* steps that a telephone's clock may be ahead or behind */
};

/* The number of a step, below 2^31: its last decimal digits are the code. */
uint32_t totp_number(const uint8_t secret[TOTP_SECRET_BYTES], int64_t step);

/* The step within TOTP_DRIFT of now_s whose code this is and that comes after `used`, the last step
 * of which a code was accepted; -1: there is none. In constant time. */
int64_t totp_find(const uint8_t secret[TOTP_SECRET_BYTES], const char code[TOTP_DIGITS + 1],
                  int64_t now_s, int64_t used);

/* Base32 without padding (RFC 4648), as apps take secrets. */
void totp_secret_format(const uint8_t secret[TOTP_SECRET_BYTES], char ret[TOTP_SECRET_LENGTH + 1]);

#endif
