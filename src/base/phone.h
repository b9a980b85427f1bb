/*
 * phone: telephone numbers in the form of E.164, "+251911234567": a plus sign, the calling code of
 * the country, the number; 7 to 15 digits in all, the first of which is not 0.
 */
#ifndef SEBEZ_BASE_PHONE_H
#define SEBEZ_BASE_PHONE_H

#include <stdbool.h>
#include <stddef.h>

enum {
	PHONE_DIGITS_MIN = 7,
	PHONE_DIGITS_MAX = 15,
	PHONE_LENGTH = 1 + PHONE_DIGITS_MAX,
	CALLING_CODE_LENGTH = 3, /* at most, without the plus sign */
};

/*
 * Reads a number as people write it: spaces, hyphens, dots, slashes and brackets do not count, 00
 * may stand for the plus sign, digits may be those of any script, and the "(0)" of national calls
 * is left out. False when it is not a number with its calling code. text is valid UTF-8.
 */
bool phone_form(const char *text, size_t length, char ret[PHONE_LENGTH + 1]);

bool phone_is_form(const char *text);

/* The calling code of a number as phone_form() writes it: "1", "44", "251". */
void phone_calling_code(const char *phone, char ret[CALLING_CODE_LENGTH + 1]);

#endif
