/* Any bytes as HTML: what comes out is clean, and cleaning it again changes nothing. */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "base/codec.h"
#include "base/html.h"
#include "clean_html.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new(64 * 1024 * 1024, NULL, NULL);
	char *text = arena_strndup(arena, (const char *)data, size);

	if (utf8_is_valid(text, strlen(text))) {
		const char *clean = html_clean(arena, text);

		if (clean_html_wrong(clean) != NULL || !utf8_is_valid(clean, strlen(clean)))
			abort();
		if (strcmp(html_clean(arena, clean), clean) != 0)
			abort();
	}
	arena_free(arena);
	return 0;
}
