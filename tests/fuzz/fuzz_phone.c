/* Any text as a telephone number: what is taken has the form of E.164, stays as it is when it is
 * read again, and begins with its calling code. */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "base/codec.h"
#include "base/phone.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char phone[PHONE_LENGTH + 1], again[PHONE_LENGTH + 1], calling[CALLING_CODE_LENGTH + 1];

	if (!utf8_is_valid((const char *)data, size) ||
	    !phone_form((const char *)data, size, phone))
		return 0;
	if (!phone_is_form(phone) || strlen(phone) > PHONE_LENGTH ||
	    strlen(phone) < 1 + PHONE_DIGITS_MIN)
		abort();
	if (!phone_form(phone, strlen(phone), again) || strcmp(phone, again) != 0)
		abort();
	phone_calling_code(phone, calling);
	if (calling[0] == '\0' || strncmp(phone + 1, calling, strlen(calling)) != 0)
		abort();
	return 0;
}
