#include "shop/accounts/common_password.h"

#include <assert.h>
#include <stddef.h>
#include <string.h>

#include "base/unicode.h"
#include "shop/accounts/common_password_list.h"

/* Where the entry begins that has the byte at `at`. */
static size_t entry_of(size_t at)
{
	while (at > 0 && COMMON_PASSWORDS[at - 1] != '\n')
		at--;
	return at;
}

/* <0, 0, >0 like strcmp(), with the entry up to its line's end. */
static int compare(const char *password, const char *entry, size_t length)
{
	int order = strncmp(password, entry, length);

	return order != 0 ? order : password[length] != 0;
}

bool password_is_common(struct arena *arena, const char *password)
{
	const char *folded = unicode_lower(arena, unicode_nfc(arena, password));
	size_t low = 0, high = COMMON_PASSWORDS_LENGTH; /* of beginnings of entries */

	assert(COMMON_PASSWORDS[COMMON_PASSWORDS_LENGTH - 1] == '\n');
	while (low < high) {
		size_t entry = entry_of(low + (high - low) / 2);
		const char *end = strchr(COMMON_PASSWORDS + entry, '\n');
		size_t length = (size_t)(end - COMMON_PASSWORDS) - entry;
		int order = compare(folded, COMMON_PASSWORDS + entry, length);

		if (order == 0)
			return true;
		if (order < 0)
			high = entry;
		else
			low = entry + length + 1;
	}
	return false;
}

void password_refuse_common(struct task *task, const char *field, const char *password)
{
	if (password_is_common(task->arena, password))
		task_end_field(task, field, "common", "is one of the most common passwords");
}
