/* iban: international bank account numbers (ISO 13616). */
#ifndef SEBEZ_BASE_IBAN_H
#define SEBEZ_BASE_IBAN_H

#include <stdbool.h>

enum { IBAN_LENGTH_MAX = 34 };

/*
 * Reads an IBAN as people type it, with blanks and in small letters, into its compact form. False
 * when the country has none, the length is not the country's or the check digits are wrong; ret is
 * then undefined.
 */
bool iban_parse(const char *typed, char ret[IBAN_LENGTH_MAX + 1]);

/* What may be shown of the number of an account: its first four characters of an IBAN and the last
 * four, "DE89 •••• 3000"; of a short one fewer. */
enum { IBAN_MASKED_SIZE = 32 };
void iban_mask(const char *number, bool is_iban, char ret[IBAN_MASKED_SIZE]);

#endif
