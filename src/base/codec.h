/*
 * codec: base64url without padding (RFC 4648 §5), hexadecimal, and checks of text.
 * Decoders refuse anything but the one canonical encoding; for hexadecimal that is lower case.
 */
#ifndef SEBEZ_BASE_CODEC_H
#define SEBEZ_BASE_CODEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BASE64URL_LENGTH(bytes) (((bytes)*4 + 2) / 3)

enum { BASE64URL_BYTES_MAX = 1024 }; /* of what is decoded: tokens and cursors */

void base64url_encode(const uint8_t *bytes, size_t count, char *ret); /* writes the final 0 too */
/* Decodes exactly `count` bytes; false when text is of another length or not canonical. */
bool base64url_decode(const char *text, uint8_t *ret, size_t count);
/* Decodes `size` bytes at most. On failure ret may have changed. */
bool base64url_decode_most(const char *text, uint8_t *ret, size_t size, size_t *ret_count);

void hex_encode(const uint8_t *bytes, size_t count, char *ret);
bool hex_decode(const char *text, uint8_t *ret, size_t count);
int hex_digit(char c); /* its value in either case, or -1 */

/* Valid UTF-8 without NUL (PostgreSQL's text refuses NUL). */
bool utf8_is_valid(const char *text, size_t length);
size_t utf8_length(const char *text, size_t length); /* code points of valid UTF-8 */

/* Start and length of valid UTF-8 without the white space at its edges. Characters of zero width
 * (U+200B, U+2060, U+FEFF) count as white space: a name of nothing else would show nothing. */
const char *utf8_trim(const char *text, size_t *length);

/* ASCII letters become lower case; every other character stays what it is. */
void ascii_lower(char *text);

/* A slug: lower-case ASCII letters, digits and single hyphens; at most size - 1 bytes into ret.
 * Latin letters lose their accents, apostrophes vanish, anything else becomes a hyphen: so a text
 * in another script can give the empty string, which the caller must handle. */
void slug_from(const char *text, char *ret, size_t size);
bool slug_is_valid(const char *text);

#endif
